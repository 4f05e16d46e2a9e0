// SPDX-License-Identifier: Apache-2.0

import DevStore
import PostPolicy
import Testing

struct HostileMultipartTests {
    private static let disposition = "Content-Disposition: form-data; name=\"a\""

    /// Parses at every cut: the same error each time, whatever came in which piece.
    private func expect(_ error: MultipartError, _ bytes: [UInt8]) {
        for cut in 0...min(bytes.count, 400) {
            #expect(throws: error, "cut at \(cut)") { try PartRecord.parse([bytes[..<cut], bytes[cut...]]) }
        }
    }

    @Test func `a body that ends too early is truncated, wherever it ends`() {
        let body = FormBody([FormField(name: "key", value: "a")], file: [1, 2, 3])
        // The line end behind the closing boundary may be missing.
        for end in 0..<(body.bytes.count - 2) {
            #expect(throws: MultipartError.truncated) { try PartRecord.parse(Array(body.bytes[..<end])) }
        }
    }

    @Test func `a body without the boundary is truncated`() {
        expect(.truncated, Array("hello\r\n--another\r\n\r\n".utf8))
    }

    @Test(arguments: ["x\r\n", "-x\r\n", " x\r\n", "\n", "\rx", "\0\r\n"])
    func `a boundary with text behind it is malformed`(tail: String) {
        expect(
            .malformedDelimiter,
            Array("--\(FormBody.boundary)\(tail)\(Self.disposition)\r\n\r\n1\r\n--\(FormBody.boundary)--".utf8))
    }

    @Test(arguments: [
        "\(disposition)\0", "\(disposition)\r\n folded: x", "\(disposition)\nX: y", "\(disposition)\rX: y",
        "\(disposition)\r\nno colon",
        "\(disposition)\r\n: empty name", "\(disposition)\u{7F}", "\r\r\n\(disposition)",
    ])
    func `header lines with controls, bare line ends, folds or no colon are malformed`(head: String) {
        var body = FormBody()
        body.addPart(head: head, content: [1])
        body.close()
        expect(.malformedHeader, body.bytes)
    }

    @Test(arguments: [
        "", "Content-Type: text/plain", "Content-Disposition: form-data", "Content-Disposition: attachment; name=\"a\"",
        "\(disposition)\r\n\(disposition)", "Content-Disposition: form-data; name=\"a\"; name=\"b\"",
        "Content-Disposition: form-data; name=\"file\"; filename=\"a\"; filename=\"b\"",
        "Content-Disposition: form-data; name=\"a",
        "Content-Disposition: form-data; name*=UTF-8''a", "Content-Disposition:", "Content-Disposition: form-data name=a",
    ])
    func `a part without exactly one usable Content-Disposition is malformed`(head: String) {
        var body = FormBody()
        body.addPart(head: head, content: [1])
        body.close()
        expect(.malformedDisposition, body.bytes)
    }

    @Test func `names that are not UTF-8 are malformed`() {
        let bytes =
            Array("--\(FormBody.boundary)\r\nContent-Disposition: form-data; name=\"".utf8) + [0xC3, 0x28]
            + Array("\"\r\n\r\n".utf8)
        expect(.malformedHeader, bytes)
    }

    @Test func `a part's head over the limit is refused, with or without an end`() {
        let long = String(repeating: "x", count: MultipartParser.headLimit)
        #expect(throws: MultipartError.headTooLong) {
            try PartRecord.parse(Array("--\(FormBody.boundary)\r\nX: \(long)\r\n\r\n".utf8))
        }
        #expect(throws: MultipartError.headTooLong) {
            try PartRecord.parse(Array("--\(FormBody.boundary)\r\nX: \(long)\(long)".utf8))
        }
        #expect(throws: MultipartError.headTooLong) {
            try PartRecord.parse(
                Array("--\(FormBody.boundary)\(String(repeating: " ", count: MultipartParser.headLimit + 1))\r\n".utf8))
        }
    }

    @Test func `a part's head of exactly the limit is read`() throws {
        let start = "\(Self.disposition)\r\nX: "
        // The line end before the head counts too.
        let head = start + String(repeating: "x", count: MultipartParser.headLimit - 2 - start.utf8.count)
        var body = FormBody()
        body.addPart(head: head, content: [1])
        body.close()
        #expect(try PartRecord.parse(body.bytes).map(\.head.name) == ["a"])
    }

    @Test func `random bytes and random cuts never trap`() {
        var random = SystemRandomNumberGenerator()
        let body = FormBody([FormField(name: "key", value: "a")], file: [1, 2, 3]).bytes
        for _ in 0..<2000 {
            var bytes = body
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes.prefix(Int.random(in: 1...40, using: &random)), at: index)
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let halves = Result { try PartRecord.parse([bytes[..<cut], bytes[cut...]]) }
            let whole = Result { try PartRecord.parse(bytes) }
            #expect((try? halves.get()) == (try? whole.get()))
        }
    }
}
