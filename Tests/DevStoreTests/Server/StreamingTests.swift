// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@Suite(.timeLimit(.minutes(5)))
struct StreamingTests {
    private let store: TestStore

    init() throws {
        store = try TestStore()
    }

    private func head(contentLength: Int, to path: String = "/bucket/", _ fields: String = "") -> [UInt8] {
        let form = "Content-Type: \(FormBody.contentType)\r\nContent-Length: \(contentLength)\r\n"
        return Array("POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(form)\(fields)\r\n".utf8)
    }

    private func opening(_ fields: [FormField]) -> [UInt8] {
        var body = FormBody()
        for field in fields { body.add(field) }
        body.addFile([])
        return Array(body.bytes.dropLast(2))
    }

    /// Sends the bytes, and reads until the text has been seen or the store closes the connection.
    private func answer(to bytes: [UInt8], until text: String?, port: Int) async throws -> String {
        let connection = try await RawConnection(port: port, readUntil: text)
        try await connection.send(bytes)
        return String(decoding: try await connection.answer(), as: UTF8.self)
    }

    @Test func `a large file is stored and read back completely`() async throws {
        var random = SystemRandomNumberGenerator()
        let file = (0..<(3 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try await store.run { client in
            let form = try store.form(sizes: file.count...file.count)
            #expect(try await client.post(FormBody(form, file: file)).status == 204)
            #expect(try await client.execute("GET", "/bucket/images/u1/me.png").body == file)
        }
        #expect(store.place.content("bucket/images/u1/me.png") == file)
    }

    @Test func `a file that is too large is refused before it has arrived`() async throws {
        let form = try store.form(sizes: 1...1000)
        try await store.run { client in
            // The rest of the promised gigabyte never comes.
            let bytes = head(contentLength: 1 << 30) + opening(form) + [UInt8](repeating: 1, count: 5000)
            let answer = try await answer(to: bytes, until: "</Error>", port: client.port)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("<Code>EntityTooLarge</Code>"))
            #expect(answer.contains("<MaxSizeAllowed>1000</MaxSizeAllowed>"))
        }
        #expect(store.place.files().isEmpty)
    }

    @Test func `a form that is refused is refused before its file arrives`() async throws {
        let form = try store.form().setting("acl", "public-read")
        try await store.run { client in
            let bytes = head(contentLength: 1 << 30) + opening(form)
            let answer = try await answer(to: bytes, until: "</Error>", port: client.port)
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Extra input fields: acl"))
        }
        #expect(store.place.files().isEmpty)
    }

    @Test func `a client that sends everything before it reads gets the answer, and the connection ends`() async throws {
        let form = try store.form(sizes: 1...1000)
        let large = [UInt8](repeating: 1, count: 4 << 20)
        try await store.run { client in
            for _ in 0..<2 {
                let bytes = FormBody(form, file: large).bytes
                let response = try await client.exchange(head(contentLength: bytes.count) + bytes)
                #expect(response.element("Code") == "EntityTooLarge")
                #expect(response.header("Connection") == "close")
            }
            for (method, path, code) in [("POST", "/none/", "NoSuchBucket"), ("PUT", "/bucket/a", "AccessDenied")] {
                let response = try await client.execute(method, path, body: large)
                #expect(response.element("Code") == code)
            }
            #expect(try await client.post(FormBody(form, file: [1])).status == 204)
        }
    }

    @Test func `the connection is reused after a successful upload`() async throws {
        let bytes = FormBody(try store.form(sizes: 1...1000), file: Array("hello".utf8)).bytes
        let upload = head(contentLength: bytes.count) + bytes
        let read = Array("GET /bucket/images/u1/me.png HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        try await store.run { client in
            let answer = try await answer(to: upload + upload + read, until: "\r\n\r\nhello", port: client.port)
            #expect(answer.components(separatedBy: "HTTP/1.1 204 ").count == 3)
            #expect(!answer.contains("Connection: close"))
        }
    }

    @Test func `a client that sends Expect: 100-continue gets its refusal before it sends the body`() async throws {
        let expects = "Expect: 100-continue\r\n"
        try await store.run { client in
            for (path, beginning) in [("/bucket/", "HTTP/1.1 100 "), ("/none/", "HTTP/1.1 404 ")] {
                let bytes = head(contentLength: 1 << 20, to: path, expects)
                let answer = try await answer(to: bytes, until: "\r\n\r\n", port: client.port)
                #expect(answer.hasPrefix(beginning))
            }
        }
    }

    @Test func `an upload whose client disconnects leaves no file`() async throws {
        let form = try store.form(sizes: 1...100_000)
        try await store.run { client in
            let connection = try await RawConnection(port: client.port)
            try await connection.send(head(contentLength: 90_000) + opening(form) + [UInt8](repeating: 1, count: 50_000))
            // The store has begun the file.
            while store.place.files().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            try await connection.close()
        }
        #expect(store.place.files().isEmpty)
    }

    @Test func `an upload that is cut off is refused and leaves no file`() async throws {
        let form = try store.form(sizes: 1...100_000)
        try await store.run { client in
            let bytes = head(contentLength: 90_000) + opening(form) + [UInt8](repeating: 1, count: 50_000)
            let response = try await client.exchange(bytes, closesOutput: true)
            #expect(response.status == 400)
            #expect(response.element("Code") == "IncompleteBody")
        }
        #expect(store.place.files().isEmpty)
    }

    @Test func `of many concurrent uploads to one key one is stored completely`() async throws {
        let form = try store.form(sizes: 1...100_000)
        try await store.run { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<32 {
                    group.addTask {
                        let file = [UInt8](repeating: UInt8(index), count: 20_000 + index)
                        return try await client.post(FormBody(form, file: file)).status
                    }
                }
                for try await status in group { #expect(status == 204) }
            }
            let response = try await client.execute("GET", "/bucket/images/u1/me.png")
            let bytes = response.body
            let winner = try #require(bytes.first)
            #expect(bytes == [UInt8](repeating: winner, count: 20_000 + Int(winner)))
            #expect(response.header("Content-Length") == "\(20_000 + Int(winner))")
        }
        #expect(store.place.objects().count == 1)
    }
}
