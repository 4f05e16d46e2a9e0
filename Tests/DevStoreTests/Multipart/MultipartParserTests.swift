// SPDX-License-Identifier: Apache-2.0

import DevStore
import PostPolicy
import Testing

struct MultipartParserTests {
    /// A file that is full of almost-boundaries, then a field after it, an epilogue behind all.
    private static let tricky: (bytes: [UInt8], parts: [PartRecord]) = {
        let near = "\r\n--\(FormBody.boundary.dropLast())"
        let content =
            Array("\r\n\r\n--\r\n-\(near)\r\n--\r--\(FormBody.boundary)\n--\(FormBody.boundary)\r\r\n".utf8) + [0, 0xFF, 0x0D]
        var body = FormBody()
        body.add(FormField(name: "key", value: "a/b.png"))
        body.add(FormField(name: "empty", value: ""))
        body.addFile(content, filename: "é.png")
        body.add(FormField(name: "later", value: "x"))
        body.close()
        let parts = [
            PartRecord(head: PartHead(name: "key"), content: Array("a/b.png".utf8), isComplete: true),
            PartRecord(head: PartHead(name: "empty"), content: [], isComplete: true),
            PartRecord(head: PartHead(name: "file", filename: "é.png"), content: content, isComplete: true),
            PartRecord(head: PartHead(name: "later"), content: Array("x".utf8), isComplete: true),
        ]
        return (
            Array("a preamble --\(FormBody.boundary)\r\n".utf8) + body.bytes
                + Array("an epilogue\r\n--\(FormBody.boundary)".utf8), parts
        )
    }()

    @Test func `fields, a file with almost-boundaries, a preamble and an epilogue are read`() throws {
        #expect(try PartRecord.parse(Self.tricky.bytes) == Self.tricky.parts)
    }

    @Test func `the parts do not depend on where the body is cut in two`() throws {
        let bytes = Self.tricky.bytes
        for cut in 0...bytes.count {
            #expect(try PartRecord.parse([bytes[..<cut], bytes[cut...]]) == Self.tricky.parts, "cut at \(cut)")
        }
    }

    @Test(arguments: [1, 2, 3, 5, 7, 31, 64])
    func `the parts do not depend on the size of the pieces`(size: Int) throws {
        let bytes = Self.tricky.bytes
        let pieces = stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
        #expect(try PartRecord.parse(pieces) == Self.tricky.parts)
    }

    @Test(arguments: ["-", "--", "aaaa", "x"])
    func `a boundary of one byte, and one that repeats itself, are found`(boundary: String) throws {
        let content = "aaa\r\n-a\r\n--"
        let bytes = Array("--\(boundary)\r\nContent-Disposition: form-data; name=a\r\n\r\n\(content)\r\n--\(boundary)--".utf8)
        for cut in 0...bytes.count {
            let parts = try PartRecord.parse([bytes[..<cut], bytes[cut...]], boundary: boundary)
            #expect(parts == [PartRecord(head: PartHead(name: "a"), content: Array(content.utf8), isComplete: true)])
        }
    }

    @Test func `padding after a boundary is accepted`() throws {
        let bytes = Array("--x \t \r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--  \r\n".utf8)
        for cut in 0...bytes.count {
            let parts = try PartRecord.parse([bytes[..<cut], bytes[cut...]], boundary: "x")
            #expect(parts.map(\.content) == [Array("1".utf8)])
        }
    }

    @Test func `the parser counts the bytes that it has consumed`() throws {
        var parser = MultipartParser(boundary: try #require(MultipartBoundary(contentType: FormBody.contentType)))
        var body = FormBody()
        body.addFile([1, 2, 3])
        let headEnd = body.bytes.count - 5
        parser.feed(body.bytes)
        guard case .partBegan = try parser.next() else {
            Issue.record("no part")
            return
        }
        #expect(parser.consumed == headEnd)
    }

    @Test func `the parser buffers no more than the last piece and a boundary`() throws {
        var parser = MultipartParser(boundary: try #require(MultipartBoundary(contentType: FormBody.contentType)))
        var opening = FormBody()
        opening.addFile([])
        parser.feed(opening.bytes.dropLast(2))
        _ = try parser.next()
        let piece = [UInt8](repeating: 0x0D, count: 64 * 1024)
        var received = 0
        for round in 1...200 {
            parser.feed(piece)
            while case .partData(let bytes) = try parser.next() {
                received += bytes.count
            }
            #expect(round * piece.count - received < 100)
        }
    }
}
