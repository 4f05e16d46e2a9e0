// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct JSONValueTests {
    @Test func `values are read as they were written, with members in order`() throws {
        let value = try JSONValue(parsing: Array(" {\"z\": [1, \"a\\/b\", true, false, null], \"a\": {\"\": \"\"}} ".utf8))
        guard case .object(let object) = value else { return #expect(Bool(false)) }
        #expect(object.members.map(\.name) == ["z", "a"])
        #expect(
            object["z"] == .array([.number(JSONValue.one), .string("a/b"), .bool(true), .bool(false), .null])
        )
        #expect(object["A"] == nil)
        guard case .object(let inner) = object["a"] else { return #expect(Bool(false)) }
        #expect(inner[""] == .string(""))
    }

    @Test(arguments: [
        ("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\u{8}\u{c}\n\r\t"), ("\\u0000", "\0"), ("\\u00e9", "\u{e9}"),
        ("\\u00E9", "\u{e9}"),
        ("\\uD83D\\uDE00", "\u{1F600}"), ("\\uDBFF\\uDFFF", "\u{10FFFF}"), ("\\uFFFF", "\u{FFFF}"),
        ("a\\nb\\u0041c", "a\nbAc"),
        ("\\u2028", "\u{2028}"), ("é\\té", "é\té"),
    ])
    func `escapes have the meaning of RFC 8259`(text: String, expected: String) throws {
        guard case .string(let string) = try JSONValue(parsing: Array("\"\(text)\"".utf8)) else { return #expect(Bool(false)) }
        #expect(string.hasSameBytes(as: expected))
    }

    @Test(arguments: [
        ("0", 0), ("-0", 0), ("-0.0e5", 0), ("0e99999999999999999999", 0), ("5.0", 5), ("1e3", 1000), ("1E+3", 1000),
        ("1000e-3", 1),
        ("1.5e1", 15), ("-1.50e2", -150), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
        ("9223372036854775807.000", Int.max), ("92233720368547758070e-1", Int.max),
        ("9007199254740993", 9_007_199_254_740_993),
        ("0.000001e6", 1), ("100000000000000000000e-20", 1), ("1e18", 1_000_000_000_000_000_000),
    ])
    func `integral numbers are exact integers`(text: String, expected: Int) throws {
        #expect(try number(text).integer == expected)
    }

    @Test(arguments: [
        "0.5", "1e-1", "1.0000000000000000001", "9223372036854775808", "-9223372036854775809", "1e19", "1e308", "1e309",
        "1e99999999999999999999", "1e-99999999999999999999", "-1e400", "5.5e0",
    ])
    func `numbers that are fractional or out of range are no integers`(text: String) throws {
        #expect(try number(text).integer == nil)
    }

    @Test func `doubles are finite or nil`() throws {
        #expect(try number("1e308").double == 1e308)
        #expect(try number("1e309").double == nil)
        #expect(try number("-1e99999999999999999999").double == nil)
        #expect(try number("0.1").double == 0.1)
        #expect(try number("1e-9999").double == 0)
        #expect(try number("-0.0").double?.sign == .minus)
    }

    @Test func `equality is by bytes`() throws {
        #expect(try JSONValue(parsing: Array("\"\u{e9}\"".utf8)) != JSONValue(parsing: Array("\"e\u{301}\"".utf8)))
        #expect(try JSONValue(parsing: Array("\"\\u00e9\"".utf8)) == JSONValue(parsing: Array("\"\u{e9}\"".utf8)))
        #expect(try JSONValue(parsing: Array("{\"a\":1,\"b\":2}".utf8)) != JSONValue(parsing: Array("{\"b\":2,\"a\":1}".utf8)))
    }

    @Test func `part of an array of bytes can be read`() throws {
        let bytes = Array("x[1,2]y".utf8)
        let value = try JSONValue(parsing: bytes.span.extracting(1..<6))
        #expect(try value == JSONValue(parsing: Array("[1,2]".utf8)))
    }

    @Test(arguments: [
        ("{\"size\":1,\n \"size\":2}", "line 2, byte 2: the member \"size\" appears twice"),
        ("", "line 1, byte 1: there is no JSON value"),
        ("[1,]", "line 1, byte 4: a value is expected here"),
        ("{\"a\" 1}", "line 1, byte 6: ':' after the member name is expected here"),
        ("{\"a\":1 \"b\"", "line 1, byte 8: ',' or '}' is expected here"),
        ("[1 2]", "line 1, byte 4: ',' or ']' is expected here"),
        ("{a:1}", "line 1, byte 2: a member name in double quotes is expected here"),
        ("[\"a\nb\"]", "line 1, byte 4: the control byte 10 must be escaped in a string"),
        ("{}{}", "line 1, byte 3: nothing may follow the value"),
        ("{\"a\"", "line 1, byte 5: the text ends before the value does"),
        ("[01]", "line 1, byte 3: this is not a number as JSON writes it"),
        ("\u{feff}{}", "line 1, byte 1: a byte order mark is not allowed"),
        ("[\"\\q\"]", "line 1, byte 4: this is not an escape that JSON knows"),
        ("[\"\\ud800\"]", "line 1, byte 4: a \\u escape names half of a surrogate pair"),
        ("{\"a\\u000ab\":1,\"a\\nb\":2}", "line 1, byte 15: the member \"a\\nb\" appears twice"),
    ])
    func `the description of an error is a sentence with its place`(text: String, expected: String) {
        #expect {
            try JSONValue(parsing: Array(text.utf8))
        } throws: { error in
            "\(error)" == expected
        }
    }

    private func number(_ text: String) throws -> JSONNumber {
        guard case .number(let number) = try JSONValue(parsing: Array(text.utf8)) else {
            throw NotANumber()
        }
        #expect(number.literal == text)
        return number
    }

    private struct NotANumber: Error {}
}
