// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

/// The kinds of input that "Parsing JSON is a Minefield" (JSONTestSuite) collects: what every reader must take, must refuse,
/// and what readers differ on, where this one is strict.
struct JSONAcceptanceTests {
    @Test(arguments: [
        "[]", "{}", " [] ", "[[]   ]", "[\"\"]", "[null]", "[true]", "[false]", "[null, 1, \"1\", {}]",
        "[1,null,null,null,2]", "[-0]", "[0]", "[-1]", "[-123]", "[123]", "[123.456789]", "[1E22]", "[1E-2]",
        "[1E+2]", "[123e45]", "[1e-2]", "[0e+1]", "[0e1]", "[ 4]", "[20e1]", "[123.456e78]", "[1.5]", "[-0.0]",
        "[1e9999]", "[-1e+9999]", "[0.4e0066999999999999999]", "[123123123123123123123123123123]",
        "{\"asd\":\"sdf\"}", "{\"\":0}", "{\"a\":[]}", "{\"a\" : \"b\" }", "{\n\"a\": \"b\"\n}",
        "{\"foo\\u0000bar\": 42}", "{\"a\":null,\"b\":null}", "[\"\\u0060\\u012a\\u12AB\"]",
        "[\"\\uD801\\udc37\"]", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
        "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]", "[\"\\\\a\"]", "[\"\\\\n\"]", "[\"\\u0012\"]",
        "[\"\\uFFFF\"]", "[\"asd\"]", "[ \"asd\"]", "[\"\\uDBFF\\uDFFF\"]", "[\"new\\u00A0line\"]",
        "[\"\u{10FFFF}\"]", "[\"\u{FFFF}\"]", "[\"\\u0000\"]", "[\"\\u002c\"]", "[\"π\"]", "[\"asd \"]", "\" \"",
        "[\"\\uD834\\uDd1e\"]", "[\"\\u0821\"]", "[\"\u{2028}\"]", "[\"\u{2029}\"]",
        "[\"\\u0061\\u30af\\u30EA\\u30b9\"]", "[\"new\\u000Aline\"]", "[\"\u{7F}\"]", "[\"\\uA66D\"]",
        "[\"\\u005C\"]", "[\"⍂㈴⍂\"]", "[\"\\u0022\"]", "[\"\\u200B\"]", "[\"\\u2064\"]", "[\"\\uFDD0\"]",
        "[\"\\uFFFE\"]", "[\"€𝄞\"]", "[\"a\u{7F}a\"]", "false", "42", "-0.1", "null", "\"asd\"", "true", "\"\"",
        "[\"a\"]\n", "[true]", " [] ", "\t\r\n 1", "{\"e\u{301}\":1,\"\u{e9}\":2}",
    ])
    func `every text of the grammar is accepted`(text: String) throws {
        _ = try JSONValue(parsing: Array(text.utf8))
    }

    @Test(arguments: [
        "", " ", "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\"]]", "[\"\",]", "[\"x\"", "[x",
        "[3[4]]", "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,,]", "[*]", "[\"\"",
        "[1,\n1\n,1", "[{}", "[fals]", "[nul]", "[tru]", "[++1234]", "[+1]", "[+Inf]", "[-01]", "[-1.0.]",
        "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]", "[0.1.2]", "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]",
        "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]", "[1 000.0]", "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]",
        "[Inf]", "[NaN]", "[１]", "[1+2]", "[0x1]", "[0x42]", "[Infinity]", "[0e+-1]", "[-123.123foo]",
        "[-Infinity]", "[-foo]", "[- 1]", "[-012]", "[-.123]", "[-1x]", "[1ea]", "[1.]", "[.123]", "[1.2a-3]",
        "[1.8011670033376514H-308]", "[012]", "[00]", "[\"x\", truth]", "{[: \"x\"}\n", "{\"x\", null}",
        "{\"x\"::\"b\"}", "{🇨🇭}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}",
        "{\"a\":", "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}",
        "{\"id\":0,}", "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}/**//", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/",
        "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}", "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }",
        "{\"a\":\"b\"}#", "[\"\\uD800\\\"]", "[\"\\uD800\\u\"]", "[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]", "[é]",
        "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\🌀\"]", "[\"\\\"]", "[\"\\u00A\"]", "[\"\\uD834\\uDd\"]", "[\"\\a\"]",
        "[\"\\uqqqq\"]", "[\\u0020\"asd\"]", "[\\n]", "\"", "['single quote']", "abc", "[\"\\", "[\"a\nb\"]",
        "[\"a\tb\"]", "[\"a\u{0}b\"]", "[\"\u{1F}\"]", "\"\\UA66D\"", "<.>", "[<null>]", "[1]x", "[1]]", "1]",
        "[True]", "TRUE", "nulll", "{\"x\": true,", "{]", "[\u{2060}]", "[\u{c}]", "{}}",
        "{\"a\":/*comment*/\"b\"}", "{\"a\": true} \"x\"", "[1,", "[,", "[{", "[\"a", "[\"a\"", "{", "{,", "{[",
        "{\"a", "{'a'", "*", "[\\u000A\"\"]", "1 2", "\u{feff}{}", "[\u{a0}]", "[1]\u{0}", "--1", "-",
        "[\"\\u00zz\"]", "[\"\\u+123\"]", "[\"\\u 123\"]",
    ])
    func `texts that almost follow the grammar are refused`(text: String) {
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
    }

    @Test(arguments: [
        "\"\\uD800\"", "\"\\uDC00\"", "\"\\uDBFF\"", "\"\\uDFFF\"", "\"\\uD800\\uD800\"", "\"\\uDC00\\uD800\"",
        "\"\\uD800a\"", "\"\\uD800\\n\"", "\"\\uD800\\u0041\"", "\"\\uD83D\\uDE00\\uD83D\"", "\"a\\udead\"",
        "{\"\\uD800\":1}",
    ])
    func `unpaired surrogates are refused`(text: String) {
        #expect(problem(of: text) == .loneSurrogate)
    }

    @Test(
        arguments: [
            [0xE9], [0xFF], [0xC0, 0xAF], [0x80], [0xED, 0xA0, 0x80], [0xED, 0xB0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98], [0xFC, 0x80, 0x80, 0x80, 0x80, 0x80], [0xE0, 0x80, 0x80], [0x61, 0xC3], [0xC1, 0x81],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        let plain = [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")]
        #expect(problem(of: plain) == .invalidUTF8)
        let escaped = Array("\"\\n".utf8) + bytes + [UInt8(ascii: "\"")]
        #expect(problem(of: escaped) == .invalidUTF8)
        #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `a member that appears twice, compared by bytes after unescaping, is refused`() throws {
        #expect(problem(of: "{\"size\":1,\"size\":2}") == .duplicateMember("size"))
        #expect(problem(of: "{\"a\":1,\"\\u0061\":2}") == .duplicateMember("a"))
        #expect(problem(of: "{\"o\":{\"x\":1,\"y\":2,\"x\":3}}") == .duplicateMember("x"))
        // Canonically equivalent names are two names.
        let object = try JSONValue(parsing: Array("{\"\u{e9}\":1,\"e\u{301}\":2}".utf8))
        guard case .object(let members) = object else { return #expect(Bool(false)) }
        #expect(members["\u{e9}"] == .number(JSONValue.one))
        #expect(members["e\u{301}"] != .number(JSONValue.one))
    }

    @Test(arguments: [2, 16, 17, 18, 33, 1000])
    func `a duplicate is refused in objects of every size`(count: Int) throws {
        let members = (0..<count).map { "\"m\($0)\":\($0)" }
        _ = try JSONValue(parsing: Array("{\(members.joined(separator: ","))}".utf8))
        for name in ["m0", "m\(count / 2)", "m\(count - 1)"] {
            let text = "{\(members.joined(separator: ",")),\"\(name)\":0}"
            #expect(problem(of: text) == .duplicateMember(name))
        }
    }

    @Test func `the given number of levels is accepted, and never more than 512`() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(String(repeating: "[", count: depth).utf8) + Array(String(repeating: "]", count: depth).utf8)
        }
        _ = try JSONValue(parsing: nested(32))
        #expect(problem(of: nested(33)) == .tooDeep(maximum: 32))
        #expect(problem(of: nested(1000)) == .tooDeep(maximum: 32))
        #expect(problem(of: nested(1_000_000)) == .tooDeep(maximum: 32))
        _ = try JSONValue(parsing: nested(512), maximumDepth: 100_000)
        #expect(problem(of: nested(513), maximumDepth: 100_000) == .tooDeep(maximum: 512))
        #expect(problem(of: Array("{\"a\":".utf8) + nested(32)) == .tooDeep(maximum: 32))
        #expect(problem(of: nested(1), maximumDepth: 0) == .tooDeep(maximum: 0))
        _ = try JSONValue(parsing: Array("1".utf8), maximumDepth: 0)
        // Levels that were closed again do not count.
        _ = try JSONValue(parsing: Array("[\(Array(repeating: "[]", count: 100).joined(separator: ","))]".utf8), maximumDepth: 2)
    }

    @Test func `no prefix of a valid text is valid or traps`() throws {
        let text = Array("{\"rule\":\"a\\u00e9\\uD83D\\uDE00\",\"n\":[-1.5e+3,true,null,{}],\"é\":\"\\n\"}".utf8)
        _ = try JSONValue(parsing: text)
        for count in 0..<text.count {
            #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text[..<count])) }
        }
    }

    @Test func `no changed byte traps, and accepted texts can be written and read again`() {
        var random = SplitMix64(seed: 1)
        let text = Array("{\"rule\":\"a\\u00e9\\uD83D\\uDE00\",\"n\":[-1.5e+3,true,null,{}],\"é\":\"\\n\"}".utf8)
        for _ in 0..<50_000 {
            var mutated = text
            for _ in 0...Int.random(in: 0...2, using: &random) {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let value = try? JSONValue(parsing: mutated) else { continue }
            #expect((try? JSONValue(parsing: value.written)) == value)
        }
    }
}
