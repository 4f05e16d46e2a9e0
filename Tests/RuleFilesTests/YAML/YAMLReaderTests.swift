// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import RuleFiles
@testable import UploadRules

struct YAMLReaderTests {
    @Test(arguments: [
        "010", "1:30", "on", "yes", "No", "~", "null", "0x1F", "1e3", "2026-01-01", ".inf", "=", "1_000", "+1", "TRUE",
    ])
    func `a scalar is its text, whatever it looks like`(text: String) {
        let (root, findings) = YAMLReader.read(Array("a: \(text)".utf8))
        #expect(findings == [])
        #expect(root?.outline == "1:1{a@1:1=1:4“\(text)”}")
    }

    @Test(arguments: [
        ("a: b", "1:1{a@1:1=1:4“b”}"),
        ("# c\n\na:\n  - b\n  -  c\n", "3:1{a@3:1=4:3[4:5“b” 5:6“c”]}"),
        ("a:\n- b\n", "1:1{a@1:1=2:1[2:3“b”]}"),
        ("é: ü\n\"日本\": {k: 🎉, l: m}", "1:1{é@1:1=1:4“ü” 日本@2:1=2:7{k@2:8=2:11“🎉” l@2:14=2:17“m”}}"),
        ("e\u{301}: x", "1:1{e\u{301}@1:1=1:5“x”}"),
        ("a: b\r\nc: d\r\n", "1:1{a@1:1=1:4“b” c@2:1=2:4“d”}"),
        ("---\na: b\n", "2:1{a@2:1=2:4“b”}"),
        ("a: b\n...\n# end\n", "1:1{a@1:1=1:4“b”}"),
        ("a:\n  b:\n    c: 'd'\n  e: \"f\"", "1:1{a@1:1=2:3{b@2:3=3:5{c@3:5=3:8“d”} e@4:3=4:6“f”}}"),
        ("# nothing\n", "1:1{}"),
        ("", "1:1{}"),
    ])
    func `lines and columns begin at 1, and columns count Unicode scalars`(yaml: String, outline: String) {
        let (root, findings) = YAMLReader.read(Array(yaml.utf8))
        #expect(findings == [])
        #expect(root?.outline == outline)
    }

    @Test(arguments: [
        "a: '&x *y !z <<'", "a: \"&x *y !z\"", "a: b & c * d ! e", "a: b&c", "a: b # &x *y", "# &x *y !z\na: b",
        "a: |\n  &x *y\n  !z\nb: c", "a: >-\n  *y\n\n  &x\nb: c", "a: b\n  &c *d", "a: [b*, c&d, 'x']", "a: {b: 'c, &d'}",
        "a: x{y}[z]", "a: '[[[[[[[[[[[[[[[[[[[['", "a: |\n  [[[[[[[[[[[[[[[[[[[[[[[[\n", "a: 'it''s &x'", "a: \"\\\"&x\"",
        "a: '---'", "a: --- x", "a: x:y", "a: -x", "a: b#c", "a: |2\n   &x\n", "a: https://x/?y=*&z=!", "a: b\n\n  *c\n",
    ])
    func `characters with a meaning in YAML are harmless inside text and comments`(yaml: String) {
        #expect(YAMLReader.read(Array(yaml.utf8)).findings == [])
    }

    @Test(arguments: [
        ("&a b: c", ["1:1"]), ("a: &b c", ["1:4"]), ("- &a b\n- *a", ["1:3", "2:3"]), ("a: [&b c, *b]", ["1:5", "1:11"]),
        ("a: {b: *c}", ["1:8"]), ("*a : b", ["1:1"]), ("a: !b c", ["1:4"]), ("a: !!binary c", ["1:4"]), ("a: ! c", ["1:4"]),
        ("a: !<tag:x> c", ["1:4"]), ("a:\n  &b\n  c: d", ["2:3"]), ("&a\nb: c", ["1:1"]),
        ("'a': &b\n  - *b", ["1:6", "2:5"]),
        ("a: |\n  x\nb: &c d", ["3:4"]), ("a: b\n*c : d", ["2:1"]), ("é: &ü x", ["1:4"]), ("- - |\n  - &x y", ["2:5"]),
        ("a: &b !c d", ["1:4", "1:7"]), ("é: !c # &x\n  &b d", ["1:4", "2:3"]), ("a: &b\n&c d: !e", ["1:4", "2:1", "2:7"]),
        ("a: *.png", ["1:4"]), ("a: [*]", ["1:5"]), ("a: !{b}", ["1:4"]), ("a: !b!c d", ["1:4"]), ("&a &b c: d", ["1:1"]),
    ])
    func `anchors, aliases and tags are refused everywhere`(yaml: String, places: [String]) {
        let findings = YAMLReader.read(Array(yaml.utf8)).findings
        #expect(findings.prefix(places.count).map { "\($0.position.line):\($0.position.column)" } == places)
    }

    @Test func `one refusal does not hide the rest of the file`() {
        let (root, findings) = YAMLReader.read(Array("a: &x b\nc: *x\nd: !t e\nf: g".utf8))
        #expect(findings.map(\.position.line) == [1, 2, 3])
        #expect(root?.outline == "1:1{a@1:1=1:7“b” c@2:1=2:4reported d@3:1=3:7“e” f@4:1=4:4“g”}")
    }

    @Test func `every repetition of a key is found, and the first one counts`() {
        let yaml = "a: 1\n'b': {x: 1, x: 2, \"x\": 3}\na: 2\n\"b\": 4\nc: 5\na: 3\nkeep: {é: 1, é: 2}"
        let (root, findings) = YAMLReader.read(Array(yaml.utf8))
        let places = findings.map { "\($0.position.line):\($0.position.column)" }.sorted()
        #expect(places == ["2:13", "2:19", "3:1", "4:1", "6:1", "7:14"])
        #expect(root?.outline == "1:1{a@1:1=1:4“1” b@2:1=2:6{x@2:7=2:10“1”} c@5:1=5:4“5” keep@7:1=7:7{é@7:8=7:11“1”}}")
    }

    @Test func `keys are compared by bytes, however they are written and however many there are`() {
        func places(_ yaml: String) -> [String] {
            YAMLReader.read(Array(yaml.utf8)).findings.map { "\($0.position.line):\($0.position.column)" }
        }
        #expect(places(String(repeating: "a: b\n", count: 500)) == (2...500).map { "\($0):1" })
        #expect(places("\"\": a\n\"\": b\n") == ["2:1"])
        #expect(places("a: a\n\"\\x61\": b\n") == ["2:1"])
        #expect(places("é: a\ne\u{301}: b\n") == [])
        let many = (1...40).map { "k\($0): v\n" }.joined()
        #expect(places(many) == [])
        #expect(places(many + "k1: v\nk17: v\nk40: v\nk41: v\nk41: v") == ["41:1", "42:1", "43:1", "45:1"])
    }

    @Test(
        arguments: [
            ("? a\n: b\nc: d", ["1:1"], nil), ("a:\n  ? b\n  c: d", ["2:3"], nil), ("{? a: b, c: d, ? e}", ["1:2", "1:16"], nil),
            ("[? a: b, c: d]", ["1:2"], nil), ("é: {ü: [ö], # ?\n  ? ä : b}", ["2:3"], nil), ("? [a]\n: b", ["1:1"], nil),
            ("a: b?\nc: ?d\n?e: f", [], "1:1{a@1:1=1:4“b?” c@2:1=2:4“?d” ?e@3:1=3:5“f”}"),
            ("{a: b?, # ?\n  c: d}", [], "1:1{a@1:2=1:5“b?” c@2:3=2:6“d”}"),
            ("- |\n  ?\n- a: b", [], "1:1[1:3“?\n” 3:3{a@3:3=3:6“b”}]"),
            ("[a]: b\n{c: d}: e\nf: g", ["1:1", "2:1"], "1:1{f@3:1=3:4“g”}"), ("*a : b\nc: d", ["1:1"], "1:1{c@2:1=2:4“d”}"),
            ("a:\n  b: c\n&x  d: e", ["3:1"], nil), ("a:\n!x  b: c\n  d: e", ["2:1"], nil),
            ("a:\n?\n  b: c\n d: e", ["2:1"], nil),
        ] as [(String, [String], String?)])
    func `a key is a word before a colon`(yaml: String, places: [String], outline: String?) {
        let (root, findings) = YAMLReader.read(Array(yaml.utf8))
        #expect(findings.map { "\($0.position.line):\($0.position.column)" } == places)
        #expect(root?.outline == outline)
    }

    @Test(
        arguments: [
            ("%YAML 1.1\n---\na: b", "1:1 directives (%) are not supported", "3:1{a@3:1=3:4“b”}"),
            ("# c\n%TAG !x! y\n---\na: b", "2:1 directives (%) are not supported", "4:1{a@4:1=4:4“b”}"),
            ("%YAML 1.1\na: b", "1:1 directives (%) are not supported", nil),
            ("%x\n---\na: b", "1:1 directives (%) are not supported", nil),
            ("a: b\n%YAML 1.1\n# c\n  c: d", "2:1 directives (%) are not supported", nil),
            ("%YAML 3.0\n---\na: b", "1:1 directives (%) are not supported", nil),
            ("a: b\n---\nc: 'd", "2:1 a second document begins here", "1:1{a@1:1=1:4“b”}"),
            ("a: b\n...\n# c\n'd", "4:1 a second document begins here", "1:1{a@1:1=1:4“b”}"),
            ("a: b\n...\nc: d", "3:1 a second document begins here", "1:1{a@1:1=1:4“b”}"),
            ("---\n---\n", "2:1 a second document begins here", "2:1“”"),
        ] as [(String, String, String?)])
    func `directives are refused, and the first of several documents is read`(yaml: String, finding: String, outline: String?) {
        let (root, findings) = YAMLReader.read(Array(yaml.utf8))
        #expect(findings.map { "\($0.position.line):\($0.position.column) \($0.message)" } == [finding])
        #expect(root?.outline == outline)
    }

    @Test(arguments: [
        ("a: [b] ? c", "1:8 “?” begins a complex key"), ("a: 'b' ? c", "1:8 “?” begins a complex key"),
        ("a: [b]? c", "1:7 “?” begins a complex key"), ("a: [b]?", "1:7 “?” begins a complex key"),
        ("a: [b]?c", "1:7 there is text after a closing bracket"),
        ("\"a\" ?c", "1:5 this line comes after the end of the document"), ("- a\n?c", "2:1 a key without “:”"),
        ("a: {b}%c", "1:7 there is text after a closing bracket"),
    ])
    func `a question mark behind a value begins a key only before a space or the end`(yaml: String, finding: String) {
        let findings = YAMLReader.read(Array(yaml.utf8)).findings
        #expect(findings.map { "\($0.position.line):\($0.position.column) \($0.message)" } == [finding])
    }

    @Test func `a file has at most 256 KiB`() {
        let line = "# " + String(repeating: "x", count: 253) + "\n"
        let full = Array(String(repeating: line, count: 1024).utf8)
        #expect(full.count == 262_144)
        #expect(YAMLReader.read(full).findings == [])
        #expect(YAMLReader.read(full + [UInt8(ascii: "#")]).findings.map(\.message) == ["the file is larger than 256 KiB"])
    }

    @Test(
        arguments: [
            (Array("a: ".utf8) + [0xFF], "1:4"), (Array("a: b\né: ".utf8) + [0xC3, 0x28], "2:4"), ([0xC0, 0x80], "1:1"),
            (Array("a: ".utf8) + [0xED, 0xA0, 0x80], "1:4"), (Array("a: \u{0}".utf8), "1:4"),
            (Array("a: \u{1B}[31m".utf8), "1:4"),
            (Array("a: \u{7F}".utf8), "1:4"), (Array("a: \u{85}".utf8), "1:4"), (Array("a: \u{2029}".utf8), "1:4"),
            (Array("a: \u{FEFF}b".utf8), "1:4"), (Array("a: \u{FFFF}".utf8), "1:4"), (Array("a: \rb".utf8), "1:4"),
            ([0xFF, 0xFE, 0x61, 0x00], "1:1"), (Array("a: é".utf8).dropLast() + [], "1:4"),
        ] as [([UInt8], String)])
    func `bytes that are not text are refused at their place`(bytes: [UInt8], place: String) {
        let (root, findings) = YAMLReader.read(bytes)
        #expect(root == nil)
        #expect(findings.map { "\($0.position.line):\($0.position.column)" } == [place])
    }

    @Test func `tabs are refused, and reading goes on if they follow the indentation`() {
        let (root, findings) = YAMLReader.read(Array("a:\tb\nc: d\te\n".utf8))
        #expect(findings.map(\.message) == ["there is a tab (and 1 more lines have one)"])
        #expect(root?.outline == "1:1{a@1:1=1:4“b” c@2:1=2:4“d e”}")
        #expect(YAMLReader.read(Array("a:\n\tb: c".utf8)).root == nil)
    }
}
