// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import PostPolicy
import Testing

@Suite("Uploads on the wire", .timeLimit(.minutes(1)))
struct StreamingTests {
    private let store: TestStore

    init() throws {
        store = try TestStore()
    }

    private func head(contentLength: Int) -> [UInt8] {
        Array(
            "POST /bucket/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: \(FormBody.contentType)\r\nContent-Length: \(contentLength)\r\n\r\n"
                .utf8
        )
    }

    private func opening(_ fields: [FormField]) -> [UInt8] {
        var body = FormBody()
        for field in fields { body.add(field) }
        body.addFile([])
        return Array(body.bytes.dropLast(2))
    }

    @Test("a large file arrives whole")
    func largeFile() async throws {
        var random = SystemRandomNumberGenerator()
        let file = (0..<(3 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try await store.run(.live) { client in
            let form = try store.form(sizes: file.count...file.count)
            #expect(try await client.post(FormBody(form, file: file)).status == .noContent)
        }
        #expect(store.place.content("bucket/images/u1/me.png") == file)
    }

    @Test("a file that grows too large is refused while it is still coming")
    func tooLargeEarly() async throws {
        let form = try store.form(sizes: 1...1000)
        try await store.run(.live) { client in
            let connection = try await RawConnection(port: try #require(client.port))
            // The rest of the promised gigabyte never comes.
            let bytes = head(contentLength: 1 << 30) + opening(form) + [UInt8](repeating: 1, count: 5000)
            let answer = try await connection.send(bytes, readUntil: "</Error>")
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("<Code>EntityTooLarge</Code>"))
            #expect(answer.contains("<MaxSizeAllowed>1000</MaxSizeAllowed>"))
        }
        #expect(store.place.files().isEmpty)
    }

    @Test("a form that is refused is refused before its file comes")
    func refusedEarly() async throws {
        let form = try store.form().setting("acl", "public-read")
        try await store.run(.live) { client in
            let connection = try await RawConnection(port: try #require(client.port))
            let answer = try await connection.send(head(contentLength: 1 << 30) + opening(form), readUntil: "</Error>")
            #expect(answer.hasPrefix("HTTP/1.1 403 "))
            #expect(answer.contains("Extra input fields: acl"))
        }
        #expect(store.place.files().isEmpty)
    }

    @Test("the answer comes although the client sends all before it reads, and the connection stays in use")
    func sendsFirst() async throws {
        let form = try store.form(sizes: 1...1000)
        try await store.run(.live) { client in
            for _ in 0..<2 {
                let response = try await client.post(FormBody(form, file: [UInt8](repeating: 1, count: 4 << 20)))
                #expect(response.element("Code") == "EntityTooLarge")
            }
            #expect(try await client.post(FormBody(form, file: [1])).status == .noContent)
        }
    }

    @Test("an upload whose client goes away leaves nothing")
    func goneAway() async throws {
        let form = try store.form(sizes: 1...100_000)
        try await store.run(.live) { client in
            let port = try #require(client.port)
            let connection = try await RawConnection(port: port)
            try await connection.sendAndClose(head(contentLength: 90_000) + opening(form) + [UInt8](repeating: 1, count: 50_000))
            // The store answers requests one connection at a time of its own: wait until it has noticed.
            for _ in 0..<100 where !store.place.files().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
            #expect(store.place.files().isEmpty)
        }
        #expect(store.place.files().isEmpty)
    }

    @Test("many uploads to one key at once: one of them wins, whole")
    func concurrent() async throws {
        let form = try store.form(sizes: 1...100_000)
        try await store.run { client in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for index in 0..<32 {
                    group.addTask {
                        let file = [UInt8](repeating: UInt8(index), count: 20_000 + index)
                        return try await client.post(FormBody(form, file: file)).status.code
                    }
                }
                for try await status in group { #expect(status == 204) }
            }
            let response = try await client.execute(uri: "/bucket/images/u1/me.png", method: .get)
            let bytes = Array(response.body.readableBytesView)
            let winner = try #require(bytes.first)
            #expect(bytes == [UInt8](repeating: winner, count: 20_000 + Int(winner)))
            #expect(response.headers[.contentLength] == "\(20_000 + Int(winner))")
        }
        #expect(store.place.objects().count == 1)
    }
}
