// SPDX-License-Identifier: Apache-2.0

import DevStore
import PostPolicy
import Testing

struct FormReaderTests {
    /// The form and the file of a body, or the reader's error.
    private func read(_ bytes: [UInt8], pieceSize: Int = 1000) throws -> (form: ParsedForm?, file: [UInt8]) {
        var reader = FormReader(boundary: try #require(MultipartBoundary(contentType: FormBody.contentType)))
        var form: ParsedForm?
        var file: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieceSize) {
            reader.feed(bytes[start..<min(start + pieceSize, bytes.count)])
            while let event = try reader.next() {
                switch event {
                case .fileBegan(let parsed): form = parsed
                case .fileData(let piece): file += piece
                case .fileEnded: break
                }
            }
        }
        try reader.finish()
        return (form, file)
    }

    @Test func `fields are read in order up to the file, and everything after the file is ignored`() throws {
        let fields = [
            FormField(name: "key", value: "a"), FormField(name: "Key", value: "b"), FormField(name: "x", value: "é\r\n"),
        ]
        var body = FormBody()
        for field in fields { body.add(field) }
        body.addFile([1, 2], filename: "one.png")
        body.add(FormField(name: "acl", value: "public-read"))
        body.addFile([3], filename: "two.png")
        body.addPart(head: "Content-Disposition: form-data; name=\"big\"", content: [UInt8](repeating: 1, count: 100_000))
        body.close()
        let (form, file) = try read(body.bytes)
        #expect(form == ParsedForm(fields: fields, filename: "one.png"))
        #expect(file == [1, 2])
    }

    @Test func `a part named file is the file, in any case and without a file name`() throws {
        var body = FormBody()
        body.addPart(head: "Content-Disposition: form-data; name=\"File\"", content: [7])
        body.close()
        let (form, file) = try read(body.bytes)
        #expect(form == ParsedForm(fields: [], filename: nil))
        #expect(file == [7])
    }

    @Test func `a form without a file is refused`() {
        var body = FormBody()
        body.add(FormField(name: "key", value: "a"))
        body.close()
        #expect(throws: FormReaderError.fileMissing) { try read(body.bytes) }
    }

    @Test(arguments: [[0x68, 0x69], [0xFF, 0xD8, 0xFF], [UInt8](repeating: 0xFF, count: 30_000)])
    func `a file under another name is no file`(content: [UInt8]) {
        var body = FormBody()
        body.addPart(head: "Content-Disposition: form-data; name=\"upload\"; filename=\"a.jpg\"", content: content)
        body.close()
        #expect(throws: FormReaderError.fileMissing) { try read(body.bytes) }
    }

    @Test(arguments: [1, 17, 4096])
    func `at most 20 KiB may come before the file's content`(pieceSize: Int) throws {
        func body(of size: Int) -> [UInt8] {
            var empty = FormBody()
            empty.add(FormField(name: "x", value: ""))
            empty.addFile([])
            // The line end before the next boundary is not before the file's content.
            let rest = size - (empty.bytes.count - 2)
            return FormBody([FormField(name: "x", value: String(repeating: "v", count: rest))], file: [1]).bytes
        }
        #expect(try read(body(of: FormReader.preFileLimit), pieceSize: pieceSize).file == [1])
        #expect(throws: FormReaderError.fieldsTooLong) { try read(body(of: FormReader.preFileLimit + 1), pieceSize: pieceSize) }
    }

    @Test func `10,000 fields, an endless field and an endless preamble are refused at the limit`() {
        var many = FormBody()
        for index in 0..<10_000 { many.add(FormField(name: "f\(index)", value: "")) }
        many.addFile([1])
        many.close()
        #expect(throws: FormReaderError.fieldsTooLong) { try read(many.bytes) }

        let long = FormBody([FormField(name: "x", value: String(repeating: "v", count: 1_000_000))], file: [1])
        #expect(throws: FormReaderError.fieldsTooLong) { try read(long.bytes) }

        #expect(throws: FormReaderError.fieldsTooLong) { try read([UInt8](repeating: 0x20, count: 30_000)) }
    }

    @Test func `a value that is not UTF-8 is refused`() {
        var body = FormBody()
        body.addPart(head: "Content-Disposition: form-data; name=\"x\"", content: [0xFF])
        body.addFile([1])
        body.close()
        #expect(throws: FormReaderError.malformed(.malformedHeader)) { try read(body.bytes) }
    }
}
