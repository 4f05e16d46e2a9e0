// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import PostPolicy
import Testing

@testable import DevStore

@Suite("The store's HTTP")
struct StoreHTTPTests {
    private let store: TestStore

    init() throws {
        store = try TestStore()
    }

    @Test(
        "methods and paths without an answer get S3's error",
        arguments: [
            (.get, "/", 403, "AccessDenied"), (.post, "/", 405, "MethodNotAllowed"), (.get, "/bucket/", 403, "AccessDenied"),
            (.put, "/bucket/a", 405, "MethodNotAllowed"), (.delete, "/bucket/a", 405, "MethodNotAllowed"),
            (.post, "/bucket/a", 405, "MethodNotAllowed"), (.get, "/bucket/a", 404, "NoSuchKey"),
            (.get, "/none/a", 404, "NoSuchBucket"),
            (.get, "/bucket/%zz", 400, "InvalidURI"), (.get, "/bucket/../../etc/passwd", 404, "NoSuchKey"),
            (.get, "/bucket/%2e%2e%2f.postern", 404, "NoSuchKey"), (.get, "/.postern/uploads", 404, "NoSuchBucket"),
        ] as [(HTTPRequest.Method, String, Int, String)]
    )
    func errors(method: HTTPRequest.Method, path: String, status: Int, code: String) async throws {
        try await store.run { client in
            let response = try await client.execute(uri: path, method: method)
            #expect(response.status.code == status)
            #expect(response.element("Code") == code)
            #expect(response.headers[.xContentTypeOptions] == "nosniff")
            #expect((response.headers[.allow] != nil) == (status == 405))
        }
    }

    @Test("a page of an allowed origin may upload: preflight, and headers that let it read the answer")
    func allowedOrigin() async throws {
        try await store.run { client in
            let preflight = try await client.execute(
                uri: "/bucket/",
                method: .options,
                headers: .named([
                    "Origin": TestStore.origin, "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "x-a, x-b",
                ])
            )
            #expect(preflight.status == .ok)
            #expect(preflight.headers[.accessControlAllowOrigin] == TestStore.origin)
            #expect(preflight.headers[.accessControlAllowMethods] == "GET, HEAD, POST")
            #expect(preflight.headers[.accessControlAllowHeaders] == "x-a, x-b")

            let form = try store.form()
            let stored = try await client.post(FormBody(form, file: [1]), headers: [.origin: TestStore.origin])
            let refused = try await client.post(FormBody(form, file: []), headers: [.origin: TestStore.origin])
            #expect(stored.status == .noContent && refused.status == .badRequest)
            for response in [stored, refused] {
                #expect(response.headers[.accessControlAllowOrigin] == TestStore.origin)
                #expect(response.headers[.accessControlExposeHeaders]?.contains("ETag, Location") == true)
                #expect(response.headers[.vary]?.contains("Origin") == true)
                #expect(response.header("Access-Control-Allow-Credentials") == nil)
            }
        }
    }

    @Test(
        "a page of another origin may not",
        arguments: ["http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://127.0.0.1:80800", "null", "HTTP://127.0.0.1:8080"]
    )
    func otherOrigin(origin: String) async throws {
        try await store.run { client in
            let preflight = try await client.execute(
                uri: "/bucket/",
                method: .options,
                headers: .named(["Origin": origin, "Access-Control-Request-Method": "POST"])
            )
            #expect(preflight.status == .forbidden)
            #expect(preflight.headers[.accessControlAllowOrigin] == nil)
            let response = try await client.execute(uri: "/bucket/a", method: .get, headers: [.origin: origin])
            #expect(response.headers[.accessControlAllowOrigin] == nil)
            #expect(response.headers[.vary]?.contains("Origin") == true)
        }
    }

    @Test("every origin may where * is allowed; methods that the store has not, may not")
    func anyOrigin() async throws {
        try await store.run(allowedOrigins: ["*"]) { client in
            for (method, status) in [("POST", 200), ("GET", 200), ("PUT", 403), ("DELETE", 403)] {
                let preflight = try await client.execute(
                    uri: "/bucket/",
                    method: .options,
                    headers: .named(["Origin": "https://a.example", "Access-Control-Request-Method": method])
                )
                #expect(preflight.status.code == status)
                #expect(preflight.headers[.accessControlAllowOrigin] == "*")
            }
            #expect(try await client.execute(uri: "/bucket/", method: .options).status == .forbidden)
        }
    }

    @Test(
        "only names of this machine are answered to, so that no page can rebind its own name to the store",
        arguments: [
            ("localhost", true), ("LOCALHOST:9000", true), ("127.0.0.1:9000", true), ("127.8.9.10", true), ("[::1]:9000", true),
            ("bucket.localhost:9000", true), ("evil.example", false), ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("127.0.0.1e", false), ("128.0.0.1", false), ("", false), ("[::2]", false), ("[::1", false), ("127.0.0.256", false),
            ("0.0.0.0", false), ("evil.example:80@127.0.0.1", false), ("127.0.0.+1", false),
        ]
    )
    func loopbackNames(authority: String, isLoopback: Bool) {
        #expect(LoopbackName.isLoopback(authority: authority) == isLoopback)
    }

    @Test("a configuration cannot name another machine's address, nor a bucket that is a path")
    func configuration() {
        typealias Problem = DevStoreConfiguration.Problem
        func make(host: String = "127.0.0.1", buckets: [String] = ["bucket"]) throws(Problem) {
            _ = try DevStoreConfiguration(
                folder: "/tmp",
                buckets: buckets,
                host: host,
                port: 9000,
                credentials: TestStore.credentials,
                allowedOrigins: []
            )
        }
        for host in ["0.0.0.0", "::", "192.168.0.1", "example.com", ""] {
            #expect(throws: Problem.notLoopback(host)) { try make(host: host) }
        }
        for host in ["127.0.0.1", "::1", "localhost"] {
            #expect(throws: Never.self) { try make(host: host) }
        }
        for bucket in ["", "ab", "..", "a/b", ".postern", "Bucket", "a..", "bücket", "a\0b", String(repeating: "a", count: 64)] {
            #expect(throws: Problem.badBucket(bucket)) { try make(buckets: ["bucket", bucket]) }
        }
        #expect(throws: Problem.noBucket) { try make(buckets: []) }
    }
}
