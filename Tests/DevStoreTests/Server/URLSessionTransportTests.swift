// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PostPolicy
import PosternClient
import PosternTestSupport
import PosternURLSession
import Synchronization
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The client on `URLSession`, with the store of `postern dev`. Postern's answers are given.
@Suite(.timeLimit(.minutes(5)))
struct URLSessionTransportTests {
    private let store: TestStore
    private let bodies: TemporaryFolder
    private let source: TemporaryFolder

    init() throws {
        (store, bodies, source) = (try TestStore(), try TemporaryFolder(), try TemporaryFolder())
    }

    /// Gives one ticket; uploads go through `URLSession`.
    private struct Transport: UploadTransport {
        let ticket: [UInt8]
        let session: URLSessionTransport

        func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
            TransportResponse(status: 201, headers: [], body: ticket)
        }

        func upload(
            _ request: TransportRequest, body: UploadBody, progress: @escaping @Sendable (Int64) -> Void
        ) async throws(TransportError) -> TransportResponse {
            try await session.upload(request, body: body, progress: progress)
        }
    }

    private func client(_ port: Int, _ form: [FormField], put: (url: String, headers: [String: String])? = nil) throws
        -> PosternClient
    {
        let ticket: [String: Any] = [
            "id": "01936f2e-8c00-7000-8000-0242ac120002", "method": put == nil ? "POST" : "PUT",
            "url": put?.url ?? "http://127.0.0.1:\(port)/bucket/", "headers": put?.headers ?? [:],
            "fields": Dictionary(form.map { ($0.name, $0.value) }) { $1 }, "fileField": "file", "key": "images/u1/me.png",
            "expiresIn": 300, "rule": "images",
        ]
        let transport = Transport(
            ticket: Array(try JSONSerialization.data(withJSONObject: ticket)),
            session: URLSessionTransport(temporaryFolder: URL(fileURLWithPath: bodies.path)))
        var configuration = PosternClient.Configuration()
        configuration.attempts = 1
        let endpoint = try #require(URL(string: "http://127.0.0.1:1"))
        return PosternClient(endpoint: endpoint, token: { _ in "token" }, transport: transport, configuration: configuration)
    }

    private func file(_ bytes: [UInt8]) throws -> URL {
        URL(fileURLWithPath: try source.write(bytes, to: "me.png"))
    }

    @Test func `a form is stored, its progress grows, and its temporary file is gone`() async throws {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<(3 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try await store.run { client in
            let form = try store.form(sizes: bytes.count...bytes.count)
            let upload = try self.client(client.port, form).upload(file: try file(bytes))
            var seen: [Int64] = []
            for await progress in upload.progress { seen.append(progress.sent) }
            #expect(try await upload.result.etag != nil)
            #expect(seen == seen.sorted() && seen.last == Int64(bytes.count))
        }
        #expect(store.place.content("bucket/images/u1/me.png") == bytes)
        #expect(bodies.files().isEmpty)
    }

    @Test func `a PUT is stored`() async throws {
        try await store.run { client in
            let endpoint = try StoreEndpoint(bucket: "bucket", region: "us-east-1", endpoint: "http://127.0.0.1:\(client.port)")
            var upload = try PutUpload(
                store: endpoint, key: "images/u1/me.png", contentLength: 5, expiration: TestStore.now + 300)
            try upload.add("Content-Type", "image/png")
            let put = try PolicySigner().presign(upload, credentials: TestStore.credentials, at: TestStore.now)
            let headers = Dictionary(put.headers.map { ($0.name, $0.value) }) { $1 }
            _ = try await self.client(client.port, [], put: (put.url, headers)).upload(file: try file(Array("hello".utf8))).result
        }
        #expect(store.place.content("bucket/images/u1/me.png") == Array("hello".utf8))
        #expect(bodies.files().isEmpty)
    }

    @Test func `a redirect of the form is success, and is not followed`() async throws {
        try await store.run { client in
            let form = try store.form(["success_action_redirect": "http://127.0.0.1:1/done"])
            #expect(try await self.client(client.port, form).upload(file: try file([1, 2, 3])).result.size == 3)
        }
    }

    @Test func `a refusal of the store is told`() async throws {
        try await store.run { client in
            let upload = try self.client(client.port, try store.form(sizes: 1...10)).upload(
                file: try file(Array("hello, world".utf8)))
            let error = await #expect(throws: UploadError.self) { try await upload.result }
            #expect(error?.code.rawValue == "file-too-large" && error?.status == 400 && error?.isRetryable == false)
        }
        #expect(bodies.files().isEmpty)
    }

    @Test func `a store that does not listen is told`() async throws {
        let upload = try client(1, []).upload(file: try file([1]))
        let error = await #expect(throws: UploadError.self) { try await upload.result }
        #expect(error?.code == .network && error?.isRetryable == true)
        #expect(bodies.files().isEmpty)
    }

    @Test func `a cancelled upload ends, and leaves nothing`() async throws {
        // A listener that accepts connections (the kernel does) and never reads.
        let silent = try SilentListener()
        let upload = try client(silent.port, []).upload(file: try file([UInt8](repeating: 1, count: 20 << 20)))
        for await progress in upload.progress where progress.sent > 0 { break }
        #expect(bodies.files().count == 1)
        upload.cancel()
        let error = await #expect(throws: UploadError.self) { try await upload.result }
        #expect(error?.code == .aborted)
        #expect(bodies.files().isEmpty)
    }

    @Test func `a prepared upload is sent by a session, which forgets it when it has ended`() async throws {
        try await store.run { client in
            let folder = URL(fileURLWithPath: bodies.path)
            let (endings, continuation) = AsyncStream.makeStream(of: (String, Result<UploadResult, UploadError>).self)
            let uploads = BackgroundUploads(configuration: .default, folder: folder) { continuation.yield(($0, $1)) }
            var ends = endings.makeAsyncIterator()

            for (sizes, isStored) in [(1...10, true), (1...2, false)] {
                let sender = try self.client(client.port, try store.form(sizes: sizes))
                let prepared = try await sender.prepareUpload(file: try file(Array("hello".utf8)), in: folder)
                try uploads.start(prepared)
                let (id, result) = try #require(await ends.next())
                #expect(id == prepared.id)
                switch result {
                case .success(let stored): #expect(isStored && stored.key == "images/u1/me.png")
                case .failure(let error): #expect(!isStored && error.code.rawValue == "file-too-large")
                }
                #expect(bodies.files().isEmpty)
            }
        }
        #expect(store.place.content("bucket/images/u1/me.png") == Array("hello".utf8))
    }
}

/// A socket that listens and never accepts.
private final class SilentListener: Sendable {
    private let descriptor: CInt
    let port: Int

    init() throws {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) + listen(descriptor, 8) + getsockname(descriptor, $0, &length)
            }
        }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(result == 0)
    }

    deinit {
        close(descriptor)
    }
}
