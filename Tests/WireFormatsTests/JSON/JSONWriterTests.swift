// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import WireFormats

struct JSONWriterTests {
    @Test func `commas are written between values`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.int(1)
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.null()
        writer.endArray()
        writer.key("b")
        writer.bool(true)
        writer.key("c")
        writer.raw(Array("[0,0]".utf8))
        writer.key("d")
        writer.string("x")
        writer.key("e")
        writer.bool(false)
        writer.endObject()
        #expect(text(writer) == #"{"a":[1,{},[],null],"b":true,"c":[0,0],"d":"x","e":false}"#)
    }

    @Test(arguments: [0, 1, 9, 10, -1, 48213, 5_368_709_120, Int.max, Int.min])
    func `integers are written completely`(value: Int) {
        var writer = JSONWriter()
        writer.int(value)
        #expect(text(writer) == "\(value)")
    }

    @Test func `only quote, backslash and controls are escaped`() {
        #expect(JSONWriter.quoted("\"\\/") == #""\"\\/""#)
        #expect(JSONWriter.quoted("\u{8}\t\n\u{c}\r") == #""\b\t\n\f\r""#)
        #expect(JSONWriter.quoted("\0\u{1}\u{b}\u{e}\u{1f} \u{7f}") == "\"\\u0000\\u0001\\u000b\\u000e\\u001f \u{7f}\"")
        #expect(JSONWriter.quoted("é\u{2028}\u{2029}\u{1F600}") == "\"é\u{2028}\u{2029}\u{1F600}\"")
        #expect(JSONWriter.quoted("\r\n") == #""\r\n""#)
        #expect(JSONWriter.quoted("") == "\"\"")
    }

    @Test(arguments: [0, 1, 7, 8, 9, 31, 32, 33, 40, 71])
    func `every byte is escaped or kept wherever it is, in strings of every length`(length: Int) throws {
        for byte in UInt8(0)...0x7f {
            for place in 0...length {
                for filler in [UInt8(ascii: " "), UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "]"), 0x7e] {
                    var bytes = [UInt8](repeating: filler, count: length)
                    bytes.insert(byte, at: place)
                    let value = String(decoding: bytes, as: UTF8.self)
                    let isEscaped = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                    #expect((JSONWriter.quoted(value).utf8.count != length + 3) == isEscaped)
                    var writer = JSONWriter()
                    writer.string(value) { _ in "transformed" }
                    let isTransformed = text(writer) == "\"transformed\""
                    #expect(isTransformed == (isEscaped || byte == 0x7f))
                }
            }
        }
    }

    @Test(arguments: 0...40)
    func `a string that is not ASCII is written by its transformation`(place: Int) {
        for scalar in ["é", "\u{80}", "\u{ff}", "\u{2028}", "\u{1F600}"] {
            var writer = JSONWriter()
            writer.string(String(repeating: "x", count: place) + scalar + String(repeating: "x", count: 40 - place)) { _ in "t" }
            #expect(text(writer) == "\"t\"")
        }
    }

    @Test func `every Unicode scalar is read back by this reader and by Foundation's`() throws {
        var scalars = String.UnicodeScalarView()
        var written = 0
        for value in UInt32(0)...0x10FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            scalars.append(scalar)
            written += 1
            // Chunks, so that a difference is found near its place.
            if written.isMultiple(of: 4096) || value == 0x10FFFF {
                try checkValue(String(scalars))
                scalars.removeAll()
            }
        }
        #expect(written == 0x110000 - 0x800)
    }

    @Test(arguments: 0...0x9F)
    func `every control is escaped alone, at the beginning, in the middle and at the end`(value: Int) throws {
        let scalar = try #require(Unicode.Scalar(UInt32(value)))
        for string in ["\(scalar)", "\(scalar)a", "a\(scalar)", "a\(scalar)b", "\(scalar)\(scalar)", "é\(scalar)\u{1F600}"] {
            try checkRoundTrip(string)
        }
    }

    @Test func `random strings are read back`() throws {
        var random = SplitMix64(seed: 2)
        for _ in 0..<5000 {
            let scalars = (0..<Int.random(in: 0...40, using: &random)).map { _ in Unicode.Scalar.random(using: &random) }
            try checkRoundTrip(String(String.UnicodeScalarView(scalars)))
        }
    }

    @Test func `a bridged or not contiguous string is written the same way`() throws {
        let bridged = NSString(string: "a\u{e9}\"\u{1F600}\n") as String
        #expect(JSONWriter.quoted(bridged) == "\"a\u{e9}\\\"\u{1F600}\\n\"")
    }

    /// As a member's name and value, and as a value alone.
    private func checkRoundTrip(_ string: String) throws {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member(string, string)
        writer.endObject()
        guard case .object(let object) = try JSONValue(parsing: writer.bytes), let member = object.members.first,
            case .string(let value) = member.value
        else { return #expect(Bool(false)) }
        #expect(value.hasSameBytes(as: string))
        #expect(member.name.hasSameBytes(as: string))
        try checkValue(string)
    }

    private func checkValue(_ string: String) throws {
        var writer = JSONWriter()
        writer.beginArray()
        writer.string(string)
        writer.endArray()
        guard case .array(let values) = try JSONValue(parsing: writer.bytes), case .string(let value) = values.first else {
            return #expect(Bool(false))
        }
        #expect(value.hasSameBytes(as: string))
        let array = try JSONSerialization.jsonObject(with: Data(writer.bytes)) as? [Any]
        let foundations = try #require(array?.first as? String)
        #expect(foundations.hasSameBytes(as: string))
        #expect(!writer.bytes.contains { $0 < 0x20 })
        let copied = writer.bytes
        #expect(writer.finish() == copied)
    }

    private func text(_ writer: borrowing JSONWriter) -> String {
        String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension Unicode.Scalar {
    /// A scalar in which the interesting ranges are as likely as the large ones.
    fileprivate static func random(using random: inout SplitMix64) -> Unicode.Scalar {
        let ranges: [ClosedRange<UInt32>] = [
            0...0x1F, 0x20...0x7F, 0x80...0x9F, 0xA0...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF,
            0x2028...0x2029,
            0x300...0x36F, 0x22...0x22, 0x5C...0x5C,
        ]
        let range = ranges[Int.random(in: 0..<ranges.count, using: &random)]
        return Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "?"
    }
}
