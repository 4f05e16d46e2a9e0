// SPDX-License-Identifier: Apache-2.0

import DevStore
import Foundation
import PostPolicy
import PosternTestSupport
import Testing

struct PutTests {
    private let file = Array("hello".utf8)
    private static let target = "/bucket/images/u1/me.png"

    /// A presigned PUT of five bytes: its target and its header fields.
    private static func put(_ headers: KeyValuePairs<String, String> = ["Content-Type": "image/png"]) throws -> PresignedPut {
        let endpoint = try StoreEndpoint(bucket: "bucket", region: "us-east-1", endpoint: "http://localhost")
        var upload = try PutUpload(
            store: endpoint, key: "images/u1/me.png", contentLength: 5, expiration: TestStore.now + 300)
        for (name, value) in headers { try upload.add(name, value) }
        return try PolicySigner().presign(upload, credentials: TestStore.credentials, at: TestStore.now)
    }

    private func send(
        _ put: PresignedPut, to client: StoreClient, body: [UInt8], method: String = "PUT", further: String = ""
    ) async throws -> StoreResponse {
        var head = "\(method) \(put.url.dropFirst("http://localhost".count)) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for header in put.headers { head += "\(header.name): \(header.value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\(further)\r\n"
        return try await client.exchange(Array(head.utf8) + body)
    }

    @Test func `a presigned PUT stores the file with its type and metadata`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let put = try Self.put([
                "Content-Type": "image/png", "x-amz-meta-album": "Zürich", "Cache-Control": "no-cache", "x-amz-acl": "private",
            ])
            let stored = try await send(put, to: client, body: file)
            #expect(stored.status == 200)
            #expect(stored.header("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"")
            #expect(stored.text.isEmpty)

            let response = try await client.execute("GET", Self.target)
            #expect(response.body == file)
            #expect(response.header("Content-Type") == "image/png")
            #expect(response.header("Cache-Control") == "no-cache")
            #expect(response.header("x-amz-meta-album") == "=?UTF-8?B?WsO8cmljaA==?=")
        }
        #expect(store.place.objects() == ["bucket/images/u1/me.png"])
    }

    @Test func `another length, type, method or instant, or a field more, is refused and leaves nothing`() async throws {
        let store = try TestStore()
        let put = try Self.put()
        try await store.run { client in
            let longer = try await send(put, to: client, body: file + file)
            #expect(longer.status == 403)
            #expect(longer.element("Code") == "SignatureDoesNotMatch")
            let other = PresignedPut(url: put.url, headers: [HeaderField(name: "Content-Type", value: "text/html")])
            #expect(try await send(other, to: client, body: file).element("Code") == "SignatureDoesNotMatch")
            #expect(try await send(put, to: client, body: file, method: "DELETE").status == 405)
            let more = try await send(put, to: client, body: file, further: "x-amz-acl: public-read\r\n")
            #expect(more.element("HeadersNotSigned") == "x-amz-acl")
            let unsigned = try await client.execute("PUT", Self.target, body: file)
            #expect(unsigned.element("Code") == "AccessDenied")
        }
        try await store.run(at: TestStore.now + 300) { client in
            let late = try await send(put, to: client, body: file)
            #expect(late.element("Message") == "Request has expired")
        }
        #expect(store.place.files().filter { !$0.hasSuffix("/") }.isEmpty)
    }

    @Test func `a PUT that must be new does not replace an object`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let put = try Self.put(["Content-Type": "image/png", "If-None-Match": "*"])
            #expect(try await send(put, to: client, body: file).status == 200)
            let again = try await send(put, to: client, body: Array("HELLO".utf8))
            #expect(again.status == 412)
            #expect(again.element("Code") == "PreconditionFailed")
            #expect(try await client.execute("GET", Self.target).body == file)
        }
    }

    @Test func `tags come back by ?tagging, and no other part of an object is shown in their place`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let put = try Self.put(["Content-Type": "image/png", "x-amz-tagging": "team=web%20%26%20app&n=1"])
            #expect(try await send(put, to: client, body: file).status == 200)
            let tags = "<Tag><Key>team</Key><Value>web &amp; app</Value></Tag><Tag><Key>n</Key><Value>1</Value></Tag>"
            #expect(try await client.execute("GET", "\(Self.target)?tagging").text.contains(tags))
            for name in ["acl", "retention", "attributes"] {
                #expect(try await client.execute("GET", "\(Self.target)?\(name)=").element("Code") == "NotImplemented")
            }
            #expect(try await client.execute("GET", "\(Self.target)?x=tagging").body == file)
        }
    }

    @Test func `a store that ignores expiry or further fields takes such a PUT`() async throws {
        let store = try TestStore()
        let put = try Self.put()
        try await store.run(at: TestStore.now + 3600, ignored: [.expiry]) { client in
            let stored = try await send(put, to: client, body: file)
            let longer = try await send(put, to: client, body: file + file)
            #expect(stored.status == 200 && longer.status == 403)
        }
        try await store.run(ignored: [.fields]) { client in
            let stored = try await send(put, to: client, body: file, further: "x-amz-acl: public-read\r\n")
            #expect(stored.status == 200)
        }
    }

    @Test func `a wrong checksum is refused`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let right = try Self.put(["x-amz-checksum-sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="])
            #expect(try await send(right, to: client, body: file).status == 200)
            #expect(try await send(right, to: client, body: Array("HELLO".utf8)).element("Code") == "BadDigest")
        }
    }

    @Test func `a page may send a PUT`() async throws {
        let store = try TestStore()
        try await store.run { client in
            let response = try await client.execute(
                "OPTIONS", Self.target,
                headers: [
                    "Origin": TestStore.origin, "Access-Control-Request-Method": "PUT",
                    "Access-Control-Request-Headers": "content-type,x-amz-meta-album",
                ])
            #expect(response.status == 200)
            #expect(response.header("Access-Control-Allow-Methods")?.contains("PUT") == true)
            #expect(response.header("Access-Control-Allow-Headers") == "content-type,x-amz-meta-album")
        }
    }
}
