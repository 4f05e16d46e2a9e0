// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import Synchronization
import Testing

@testable import DevStore

struct StoreHTTPTests {
    private static let origin = "Origin: \(TestStore.origin)"
    private static let long = "X-A: \(String(repeating: "a", count: 20_000))"

    private let store: TestStore

    init() throws {
        store = try TestStore()
    }

    @Test(
        arguments: [
            ("GET", "/", 403, "AccessDenied"), ("POST", "/", 405, "MethodNotAllowed"), ("GET", "/bucket/", 403, "AccessDenied"),
            ("PUT", "/bucket/a", 403, "AccessDenied"), ("PUT", "/bucket/", 405, "MethodNotAllowed"),
            ("DELETE", "/bucket/a", 405, "MethodNotAllowed"),
            ("POST", "/bucket/a", 405, "MethodNotAllowed"), ("GET", "/bucket/a", 404, "NoSuchKey"),
            ("GET", "/none/a", 404, "NoSuchBucket"),
            ("GET", "/bucket/%zz", 400, "InvalidURI"), ("GET", "/bucket/../../etc/passwd", 404, "NoSuchKey"),
            ("GET", "/bucket/%2e%2e%2f.postern", 404, "NoSuchKey"), ("GET", "/.postern/uploads", 404, "NoSuchBucket"),
        ] as [(String, String, Int, String)])
    func `unsupported methods and paths get S3's error`(method: String, path: String, status: Int, code: String) async throws {
        try await store.run { client in
            let response = try await client.execute(method, path)
            #expect(response.status == status)
            #expect(response.element("Code") == code)
            #expect(response.header("X-Content-Type-Options") == "nosniff")
            #expect((response.header("Allow") != nil) == (status == 405))
        }
    }

    @Test(arguments: [
        (["nonsense"], "BadRequest", false),
        (["GET / HTTP/1.1"], "BadRequest", false),
        (["GET / HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "", "x"], "BadRequest", false),
        (["GET / HTTP/1.1", "Host: localhost", Self.long], "RequestHeaderSectionTooLarge", false),
        (["GET / HTTP/1.1", "Host: localhost", Self.origin, "Content-Length: 16385"], "EntityTooLarge", true),
        (["POST /bucket/ HTTP/1.1", "Host: localhost", Self.origin, "Content-Length: 5369757697"], "EntityTooLarge", true),
    ])
    func `a malformed request gets S3's error, which an allowed page may read if the head is well-formed`(
        lines: [String], code: String, isReadable: Bool
    ) async throws {
        try await store.run { client in
            let response = try await client.exchange(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
            #expect(response.status == 400)
            #expect(response.header("Content-Type") == "application/xml")
            #expect(response.element("Code") == code)
            #expect(response.element("RequestId") == response.header("x-amz-request-id"))
            #expect(response.header("Server") == "PosternDevStore")
            #expect((response.header("Access-Control-Allow-Origin") == TestStore.origin) == isReadable)
        }
    }

    @Test func `a request beyond the limits of connections gets S3's error`() {
        let kinds: [(Rejection, Int, String)] = [
            (.timedOut(seconds: 30), 400, "RequestTimeout"), (.tooManyConnections, 503, "SlowDown"),
            (.outOfMemoryBudget, 503, "SlowDown"),
        ]
        for (rejection, status, code) in kinds {
            let refusal = StoreError(rejection, head: nil)
            #expect(refusal.status == status && refusal.code == code)
        }
    }

    @Test func `a request for another machine's name is refused with any method`() async throws {
        try await store.run { client in
            for method in ["GET", "OPTIONS", "POST"] {
                let head = "\(method) /bucket/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                let response = try await client.exchange(Array(head.utf8))
                #expect(response.status == 403)
                #expect(response.element("Message")?.contains("accepts only these hosts") == true)
            }
        }
    }

    @Test func `a page of an allowed origin may upload and read the answer`() async throws {
        try await store.run { client in
            let preflight = try await client.execute(
                "OPTIONS",
                "/bucket/",
                headers: [
                    "Origin": TestStore.origin, "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "x-a, x-b",
                ]
            )
            #expect(preflight.status == 200)
            #expect(preflight.header("Access-Control-Allow-Origin") == TestStore.origin)
            #expect(preflight.header("Access-Control-Allow-Methods") == "GET, HEAD, POST, PUT")
            #expect(preflight.header("Access-Control-Allow-Headers") == "x-a, x-b")

            let form = try store.form()
            let stored = try await client.post(FormBody(form, file: [1]), headers: ["Origin": TestStore.origin])
            let refused = try await client.post(FormBody(form, file: []), headers: ["Origin": TestStore.origin])
            #expect(stored.status == 204 && refused.status == 400)
            for response in [stored, refused] {
                #expect(response.header("Access-Control-Allow-Origin") == TestStore.origin)
                #expect(response.header("Access-Control-Expose-Headers")?.contains("ETag, Location") == true)
                #expect(response.header("Vary")?.contains("Origin") == true)
                #expect(response.header("Access-Control-Allow-Credentials") == nil)
            }
        }
    }

    @Test(arguments: [
        "http://127.0.0.1:8081", "https://127.0.0.1:8080", "http://127.0.0.1:80800", "null", "HTTP://127.0.0.1:8080",
    ])
    func `a page of another origin may not upload`(origin: String) async throws {
        try await store.run { client in
            let preflight = try await client.execute(
                "OPTIONS",
                "/bucket/",
                headers: ["Origin": origin, "Access-Control-Request-Method": "POST"]
            )
            #expect(preflight.status == 403)
            #expect(preflight.header("Access-Control-Allow-Origin") == nil)
            let response = try await client.execute("GET", "/bucket/a", headers: ["Origin": origin])
            #expect(response.header("Access-Control-Allow-Origin") == nil)
            #expect(response.header("Vary")?.contains("Origin") == true)
        }
    }

    @Test func `every origin may upload if * is allowed, but only with supported methods`() async throws {
        try await store.run(allowedOrigins: ["*"]) { client in
            for (method, status) in [("POST", 200), ("GET", 200), ("PUT", 200), ("DELETE", 403)] {
                let preflight = try await client.execute(
                    "OPTIONS",
                    "/bucket/",
                    headers: ["Origin": "https://a.example", "Access-Control-Request-Method": method]
                )
                #expect(preflight.status == status)
                #expect(preflight.header("Access-Control-Allow-Origin") == "*")
            }
            #expect(try await client.execute("OPTIONS", "/bucket/").status == 403)
        }
    }

    @Test(arguments: [
        ("localhost", true), ("LOCALHOST:9000", true), ("127.0.0.1:9000", true), ("127.8.9.10", true), ("[::1]:9000", true),
        ("bucket.localhost:9000", true), ("evil.example", false), ("localhost.evil.example", false),
        ("127.0.0.1.evil.example", false),
        ("127.0.0.1e", false), ("128.0.0.1", false), ("", false), ("[::2]", false), ("[::1", false), ("127.0.0.256", false),
        ("0.0.0.0", false), ("evil.example:80@127.0.0.1", false), ("127.0.0.+1", false),
    ])
    func `only names of this machine are answered, so that no page can rebind its name to the store`(
        authority: String, isLoopback: Bool
    ) async throws {
        try await store.run { client in
            let head = "GET /bucket/a HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n\r\n"
            let response = try await client.exchange(Array(head.utf8))
            #expect((response.element("Code") == "NoSuchKey") == isLoopback)
        }
    }

    @Test func `buckets and origins may be added while the store runs`() async throws {
        let places = Further()
        let page = "http://127.0.0.1:1"
        try await store.run(further: { places.current.withLock { $0 } }) { client in
            let before = try await client.execute("GET", "/later/a", headers: ["Origin": page])
            places.current.withLock { $0 = (["later", "..", "a/b"], [page]) }
            let after = try await client.execute("GET", "/later/a", headers: ["Origin": page])
            let noBucket = try await client.execute("GET", "/%2e%2e/a")
            #expect([before, after, noBucket].map { $0.element("Code") } == ["NoSuchBucket", "NoSuchKey", "NoSuchBucket"])
            #expect([before, after].map { $0.header("Access-Control-Allow-Origin") } == [nil, page])
        }
    }

    private final class Further: Sendable {
        let current = Mutex((buckets: [String](), origins: [String]()))
    }

    @Test func `a configuration with another machine's address, or a bucket that is a path, is refused`() {
        typealias Problem = DevStoreConfigurationError
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
