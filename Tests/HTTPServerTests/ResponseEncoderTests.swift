// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

struct ResponseEncoderTests {
    private func head(_ response: Response, at seconds: Double = 784_111_777, closes: Bool = false) -> String {
        var encoder = ResponseEncoder()
        var buffer = ByteBuffer()
        encoder.write(response, at: seconds, closes: closes, to: &buffer)
        return String(buffer: buffer)
    }

    private static let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    @Test func `a head has status, fields, date and length`() {
        let response = Response(
            status: 200, shared: ["Vary": "Origin", "X-A": ""], fields: ["Content-Type": "text/plain", "ETag": "\"1\""],
            body: .bytes(Array("hello".utf8)))
        let expected =
            "HTTP/1.1 200 OK\r\nVary: Origin\r\nX-A: \r\nContent-Type: text/plain\r\nETag: \"1\"\r\n\(Self.date)Content-Length: 5\r\n"
        #expect(head(response) == expected + "\r\n")
        #expect(head(response, closes: true) == expected + "Connection: close\r\n\r\n")
    }

    @Test(arguments: [
        (200, "OK"), (201, "Created"), (303, "See Other"), (400, "Bad Request"), (401, "Unauthorized"), (403, "Forbidden"),
        (404, "Not Found"), (405, "Method Not Allowed"), (408, "Request Timeout"), (409, "Conflict"), (411, "Length Required"),
        (412, "Precondition Failed"), (413, "Content Too Large"), (415, "Unsupported Media Type"), (416, "Range Not Satisfiable"),
        (417, "Expectation Failed"), (421, "Misdirected Request"), (422, "Unprocessable Content"), (429, "Too Many Requests"),
        (431, "Request Header Fields Too Large"), (500, "Internal Server Error"), (501, "Not Implemented"),
        (503, "Service Unavailable"), (299, ""), (599, ""),
    ])
    func `a status has its phrase, or none`(_ status: Int, _ phrase: String) {
        #expect(head(Response(status: status)) == "HTTP/1.1 \(status) \(phrase)\r\n\(Self.date)Content-Length: 0\r\n\r\n")
    }

    @Test func `a response without content has no length`() {
        #expect(head(Response(status: 204)) == "HTTP/1.1 204 No Content\r\n\(Self.date)\r\n")
        #expect(head(Response(status: 204), closes: true) == "HTTP/1.1 204 No Content\r\n\(Self.date)Connection: close\r\n\r\n")
    }

    /// The length alone: a file of that size is not read.
    @Test(arguments: [
        0, 1, 9, 10, 11, 99, 100, 101, 999, 1000, 9999, 10_000, 12_345, 99_999, 100_000, 654_321, 999_999, 1_000_000, 9_999_999,
        10_000_000, 12_345_678, 99_999_998, 99_999_999, 100_000_000, 100_000_001, 999_999_999, 1_000_000_000, 9_876_543_210,
        Int.max,
    ])
    func `a length is written in digits`(_ length: Int) {
        let file = ResponseFile.empty(length: length)
        defer { file.close() }
        #expect(
            head(Response(status: 200, body: .file(file))) == "HTTP/1.1 200 OK\r\n\(Self.date)Content-Length: \(length)\r\n\r\n")
    }

    @Test func `all lengths up to a hundred thousand are written in digits`() {
        var encoder = ResponseEncoder()
        let bytes = ByteBuffer(repeating: 0, count: 100_000)
        for length in stride(from: 0, through: 100_000, by: 7) {
            var buffer = ByteBuffer()
            let body = bytes.getSlice(at: 0, length: length) ?? ByteBuffer()
            encoder.write(Response(status: 200, body: .buffer(body)), at: 0, closes: false, to: &buffer)
            if !String(buffer: buffer).hasSuffix("\r\nContent-Length: \(length)\r\n\r\n") { Issue.record("\(length)") }
        }
    }

    @Test func `the date follows the clock forward and back`() {
        var encoder = ResponseEncoder()
        let times: [(Double, String)] = [
            (784_111_777.2, "08:49:37"), (784_111_777.9, "08:49:37"), (784_111_778, "08:49:38"), (784_111_776, "08:49:36"),
        ]
        for (seconds, text) in times {
            var buffer = ByteBuffer()
            encoder.write(Response(status: 204), at: seconds, closes: false, to: &buffer)
            #expect(String(buffer: buffer) == "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 \(text) GMT\r\n\r\n")
        }
    }

    // MARK: Fields

    @Test(arguments: [
        ("X", "a\r\nSet-Cookie: b"), ("X", "a\r"), ("X", "a\n"), ("X", "\r\n"), ("X", "a\u{0}b"), ("X\r\nY", "a"), ("X\n", "a"),
        ("X:", "a"), ("X Y", "a"), ("", "a"), ("X\u{0}", "a"), ("Ü", "a"), ("X\u{7f}", "a"),
    ])
    func `a field value that would become two fields is dropped`(_ name: String, _ value: String) {
        var fields: ResponseFields = ["A": "1"]
        fields.add(name, value)
        fields.add("B", "2")
        #expect(fields == ["A": "1", "B": "2"])
        #expect(ResponseFields(dictionaryLiteral: (name, value)) == ResponseFields())
    }

    @Test(arguments: ["", " ", "a b", "a: b", "é", "\t", "a, b"])
    func `any other field value is unchanged`(_ value: String) {
        let fields: ResponseFields = ["X-Y": value]
        #expect(String(decoding: fields.encoded, as: UTF8.self) == "X-Y: \(value)\r\n")
    }

    @Test func `fields are found by their names in any case`() {
        var fields: ResponseFields = ["A": "1", "b-c": "x:y"]
        fields.add(["a": "2", "D": ""])
        #expect(fields.pairs.map(\.name) == ["A", "b-c", "a", "D"])
        #expect(fields.pairs.map(\.value) == ["1", "x:y", "2", ""])
        #expect(fields["a"] == "1" && fields["B-C"] == "x:y" && fields["d"] == "" && fields["e"] == nil)
        let response = Response(status: 200, shared: ["S": "s"], fields: fields)
        #expect(response["s"] == "s" && response["A"] == "1" && response["z"] == nil)
    }

    @Test func `a response has the length of its body`() {
        #expect(Response(status: 200).contentLength == 0)
        #expect(Response(status: 200, body: .bytes([1, 2])).contentLength == 2)
        #expect(Response(status: 200, body: .buffer(ByteBuffer(string: "abc"))).contentLength == 3)
    }
}
