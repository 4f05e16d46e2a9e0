// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct PrintableTextTests {
    @Test func `a quoted value cannot change how a message reads`() {
        #expect("a\nb\u{202E}c\u{1B}[31m".quoted == "“a\\u{a}b\\u{202e}c\\u{1b}[31m”")
        #expect(String(repeating: "x", count: 100).quoted == "“\(String(repeating: "x", count: 60))…”")
        #expect(String(repeating: "x", count: 60).quoted == "“\(String(repeating: "x", count: 60))”")
    }

    @Test(arguments: [
        "\u{0}", "\t", "\n", "\u{1B}", "\u{7F}", "\u{85}", "\u{9B}", "\u{61C}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}",
        "\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}",
    ])
    func `controls, separators and direction marks are escaped`(_ scalar: Unicode.Scalar) {
        #expect(scalar.isUnprintable)
        let text = "a\(scalar)é"
        #expect(!text.isPrintable)
        let escape = "\\u{\(String(scalar.value, radix: 16))}"
        #expect(text.printable() == "a\(escape)é")
        #expect(text.printable(asciiControls: false) == (scalar.value < 0x20 ? text : "a\(escape)é"))
    }

    @Test(arguments: ["", "plain", "é\u{301} \u{200D}👩‍🚀 “”\\\"", "\u{A0}\u{200B}\u{2027}\u{202F}\u{2065}\u{206A}"])
    func `all other text is printed unchanged`(_ text: String) {
        #expect(text.isPrintable)
        #expect(Array(text.printable().utf8) == Array(text.utf8))
    }

    @Test func `a long text is cut after a number of scalars, however many belong to one character`() {
        #expect("".printable(limit: 3) == "" && "abc".printable(limit: 3) == "abc" && "abcd".printable(limit: 3) == "abc…")
        #expect("é\u{202E}x".printable(limit: 3) == "é\\u{202e}x" && "é\u{202E}xy".printable(limit: 2) == "é\\u{202e}…")
        let marks = "e" + String(repeating: "\u{301}", count: 10_000)
        #expect(marks.count == 1 && marks.printable(limit: 100).unicodeScalars.count == 101)
    }

    @Test func `printable ASCII escapes every other byte and is truncated`() {
        #expect("key-1_A.b c".printableASCII() == "key-1_A.b c")
        #expect("\"\\é\u{7F}".printableASCII() == #"\x22\x5c\xc3\xa9\x7f"#)
        let long = String(repeating: "k", count: 128)
        #expect(long.printableASCII() == long)
        #expect((long + "k").printableASCII() == long + "...")
        #expect("abc".printableASCII(maximumLength: 2) == "ab...")
        #expect("".printableASCII() == "")
    }

    @Test func `JSON for a terminal has an escape for each unprintable scalar, and is the same JSON`() throws {
        let value = "a\u{1b}\u{9b}\u{7f}\u{202e}é\"\\"
        let json = String(decoding: JSONWriter.object { $0.member("x", value) }, as: UTF8.self)
        #expect(!json.isPrintable && json.printableJSON.isPrintable)
        #expect(try JSONValue(parsing: Array(json.printableJSON.utf8)) == JSONValue(parsing: Array(json.utf8)))
        #expect("{\"a\":1}".printableJSON == "{\"a\":1}")
    }
}
