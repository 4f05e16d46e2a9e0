// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct UploadTests {
    @Test func `a ticket is taken for the file's size, and its form is sent with the file last`() async throws {
        let test = try TestClient()
        let options = UploadOptions(
            filename: nil, contentType: "text/plain", metadata: ["album": "1"], parameters: ["audit": "42"], path: "d/a.txt",
            user: "u1")
        let result = try await test.client.upload(file: try test.file(named: "a\"b.txt"), rule: "r", options: options).result
        #expect(result == UploadResultValues(key: "k/a.txt", ticketID: "t", rule: "r", size: 5, etag: "\"e\""))

        let asked = try #require(test.transport.askedService.first)
        #expect(test.transport.askedService.count == 1)
        #expect(asked.request.method == "POST")
        #expect(asked.request.url == "https://postern.example/base/v1/tickets")
        #expect(asked.header["authorization"] == "Bearer tok")
        #expect(asked.header["content-type"] == "application/json")
        for (name, value) in ["rule": "r", "filename": "a\"b.txt", "contentType": "text/plain", "path": "d/a.txt", "user": "u1"] {
            #expect(asked.member(name) as? String == value)
        }
        #expect(asked.member("size") as? Int == 5)
        #expect(asked.member("metadata") as? [String: String] == ["album": "1"])
        #expect(asked.member("parameters") as? [String: String] == ["audit": "42"])
        #expect(asked.member("checksum") == nil)

        let sent = try #require(test.transport.askedStore.first)
        #expect((sent.request.method, sent.request.url) == ("POST", "https://store.example/bucket/"))
        let boundary = try #require(sent.header["content-type"]?.split(separator: "boundary=").last)
        #expect(sent.header == ["content-type": "multipart/form-data; boundary=\(boundary)"])
        let expected = """
            --\(boundary)
            Content-Disposition: form-data; name="Content-Type"

            text/plain
            --\(boundary)
            Content-Disposition: form-data; name="Policy"

            e30=
            --\(boundary)
            Content-Disposition: form-data; name="key"

            k/a.txt
            --\(boundary)
            Content-Disposition: form-data; name="file"; filename="a%22b.txt"
            Content-Type: text/plain

            hello
            --\(boundary)--

            """
        #expect(String(decoding: sent.body, as: UTF8.self) == expected.replacing("\n", with: "\r\n"))
    }

    @Test func `what is not given is not in the request`() async throws {
        let test = try TestClient()
        _ = try await test.client.upload(file: try test.file()).result
        #expect(String(decoding: try #require(test.transport.askedService.first).body, as: UTF8.self).contains("null") == false)
        for name in ["rule", "contentType", "metadata", "parameters", "path", "user"] {
            #expect(test.transport.askedService.first?.member(name) == nil)
        }
    }

    @Test func `a PUT sends the file alone, with the signed header fields`() async throws {
        let answer = TransportResponse.ticket(
            method: "PUT", url: "https://store.example/k?X-Amz-Signature=0",
            headers: #"{"Content-Type":"text/plain","x-amz-acl":"private"}"#,
            fields: "{}")
        let test = try TestClient(FakeTransport(service: { _, _ in .success(answer) }))
        _ = try await test.client.upload(file: try test.file()).result
        let sent = try #require(test.transport.askedStore.first)
        #expect((sent.request.method, sent.request.url) == ("PUT", "https://store.example/k?X-Amz-Signature=0"))
        #expect(sent.header == ["content-type": "text/plain", "x-amz-acl": "private"])
        #expect(sent.body == Array("hello".utf8))
    }

    @Test func `an empty file is sent, and its progress ends at 0 of 0`() async throws {
        let test = try TestClient()
        let upload = test.client.upload(file: try test.file(""))
        #expect(try await upload.result.size == 0)
        var last: UploadProgress?
        for await progress in upload.progress { last = progress }
        #expect(last.map { [$0.sent, $0.total] } == [0, 0] && last?.fraction == 1)
    }

    @Test func `progress grows, over attempts too, and is the total only when the file is stored`() async throws {
        let seen = Mutex<[Int64]>([])
        let stored = Mutex(false)
        let transport = FakeTransport(
            store: { _, number in
                // Time for the reader of the progress.
                for _ in 0..<100 { await Task.yield() }
                if number < 2 { return .failure(.network("reset")) }
                stored.withLock { $0 = true }
                return .success(.stored)
            })
        let test = try TestClient(transport)
        let upload = test.client.upload(file: try test.file(String(repeating: "x", count: 10_000)))
        for await progress in upload.progress {
            #expect(progress.total == 10_000)
            #expect(progress.sent < progress.total || stored.withLock { $0 })
            seen.withLock { $0.append(progress.sent) }
        }
        _ = try await upload.result
        let numbers = seen.withLock { $0 }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
        #expect(numbers.last == 10_000)
        #expect(transport.askedStore.count == 3)
    }

    @Test func `an upload goes on that nobody holds`() async throws {
        let (stored, continuation) = AsyncStream<Void>.makeStream()
        let test = try TestClient(
            FakeTransport(store: { _, _ in
                continuation.finish()
                return .success(.stored)
            }))
        _ = test.client.upload(file: try test.file())
        for await _ in stored {}
    }

    @Test func `rules are read, with members that come later`() async throws {
        let json = """
            {"tenant":"acme","later":1,"rules":[{"name":"a","method":"POST","contentTypes":["image/png"],"accept":[".png"],"minSize":1,\
            "maxSize":9,"expiresIn":60,"checksum":"optional","checksumAlgorithms":["sha256"],"metadata":[],"usesFilename":true,\
            "usesPath":false,"parameters":{"audit":"digits"},"later":2}]}
            """
        let test = try TestClient(
            FakeTransport(service: { _, _ in .success(TransportResponse(status: 200, headers: [], body: Array(json.utf8))) }))
        let rules = try await test.client.rules()
        #expect(rules.map(\.name) == ["a"] && rules.first?.maxSize == 9 && rules.first?.parameters == ["audit": "digits"])
        let asked = try #require(test.transport.askedService.first)
        #expect((asked.request.method, asked.request.url) == ("GET", "https://postern.example/base/v1/rules"))
        #expect(asked.header["authorization"] == "Bearer tok")
    }

    @Test(arguments: [
        #"{"url":"javascript:x"}"#, #"{"url":"https://a b/"}"#, #"{"headers":{"A\nB":"x"}}"#, #"{"headers":{"A":"x\r\nB: y"}}"#,
        #"{"headers":{"Authorization":"x"}}"#, #"{"headers":{"content-LENGTH":"1"}}"#, #"{"fields":{"a\"b":"x"}}"#,
        #"{"fields":{"a\r\nb":"x"}}"#, #"{"fileField":"a\"b"}"#, #"{"method":"DELETE"}"#, #"{"expiresIn":"x"}"#,
        #"{"fields":[]}"#,
    ])
    func `a ticket that cannot be sent is refused, and nothing goes to the store`(change: String) async throws {
        let plain = TransportResponse.ticket()
        var ticket = try #require(try JSONSerialization.jsonObject(with: Data(plain.body)) as? [String: Any])
        let changed = try #require(try JSONSerialization.jsonObject(with: Data(change.utf8)) as? [String: Any])
        ticket.merge(changed) { $1 }
        let answer = TransportResponse(status: 201, headers: [], body: Array(try JSONSerialization.data(withJSONObject: ticket)))
        let test = try TestClient(FakeTransport(service: { _, _ in .success(answer) }))
        #expect(try await test.failure().code == .unexpectedAnswer)
        #expect(test.transport.askedStore.isEmpty)
        #expect(test.transport.askedService.count == 1)
    }
}

/// `UploadResult` has no public initialiser: comparing strings shows each member.
func == (result: UploadResult, values: UploadResultValues) -> Bool {
    values
        == UploadResultValues(
            key: result.key, ticketID: result.ticketID, rule: result.rule, size: result.size, etag: result.etag)
}

struct UploadResultValues: Equatable {
    let key: String
    let ticketID: String
    let rule: String
    let size: Int64
    let etag: String?
}
