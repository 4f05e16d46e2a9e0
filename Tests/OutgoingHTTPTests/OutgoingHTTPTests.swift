// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL
import OutgoingHTTP
import PosternTestSupport
import Testing

/// Where an answer is expected the timeout is ten minutes, however slow the machine is; a test that waits for what never comes
/// ends at its time limit.
@Suite(.timeLimit(.minutes(5)))
struct OutgoingHTTPTests {
    private static func ask(
        _ port: Int, timeout: Duration = .seconds(600), limit: Int = 1000, scheme: String = "http", host: String = "127.0.0.1",
        authorities: String? = nil
    ) async -> Result<OutgoingResponse, OutgoingError> {
        let request = OutgoingRequest(
            .get, "\(scheme)://\(host):\(port)/x", timeout: timeout, limit: limit, authorities: authorities
        )
        do throws(OutgoingError) { return .success(try await request.send()) } catch { return .failure(error) }
    }

    private static func failure(_ pieces: [String], limit: Int = 1000) async throws -> OutgoingError? {
        try await ScriptedServer.with(.init(pieces: pieces)) { failure(in: await ask($0, limit: limit)) }
    }

    private static func failure(in result: Result<OutgoingResponse, OutgoingError>) -> OutgoingError? {
        if case .failure(let failure) = result { failure } else { nil }
    }

    @Test func `a response has its status, its fields by lower-cased names, and its body`() async throws {
        let text = "HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello"
        let answer = try await ScriptedServer.with(.init(pieces: [text])) { try await Self.ask($0).get() }
        #expect(answer.status == 404)
        #expect(answer.headers["x-a"] == ["1", "2"])
        #expect(answer.body == Array("hello".utf8))
    }

    @Test func `a slow body ends at the timeout, however short the pauses are`() async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
        let script = ScriptedServer.Script(pieces: [head, "x"], pause: .milliseconds(20), end: .repetition)
        let failure = try await ScriptedServer.with(script) {
            Self.failure(in: await Self.ask($0, timeout: .milliseconds(300), limit: .max))
        }
        #expect(failure == .timedOut(seconds: 0.3))
    }

    @Test(arguments: ["http", "https"])
    func `a server that accepts and does not answer ends at the timeout, in the TLS handshake too`(scheme: String) async throws {
        let script = ScriptedServer.Script(pieces: [], end: .silence)
        let failure = try await ScriptedServer.with(script) {
            Self.failure(in: await Self.ask($0, timeout: .milliseconds(300), scheme: scheme))
        }
        #expect(failure == .timedOut(seconds: 0.3))
    }

    @Test func `a body over the limit is refused, announced or not, and one of exactly the limit is read`() async throws {
        let long = String(repeating: "x", count: 1001)
        #expect(try await Self.failure(["HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\nx"]) == .tooLarge(limit: 1000))
        #expect(try await Self.failure(["HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n\(long)"]) == .tooLarge(limit: 1000))
        #expect(try await Self.failure(["HTTP/1.1 200 OK\r\n\r\n", long]) == .tooLarge(limit: 1000))
        #expect(
            try await Self.failure(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n\(long)\r\n0\r\n\r\n"])
                == .tooLarge(limit: 1000)
        )
        #expect(try await Self.failure(["HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n\(long)"], limit: 1001) == nil)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is a response and is not followed`(status: Int) async throws {
        let text = "HTTP/1.1 \(status) Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        let answer = try await ScriptedServer.with(.init(pieces: [text])) { try await Self.ask($0).get() }
        #expect(answer.status == status)
        #expect(answer.headers["location"] == ["http://127.0.0.1:1/"])
    }

    @Test func `a refused connection fails at once`() async {
        // Nobody listens on port 1.
        #expect(Self.failure(in: await Self.ask(1)) == .unreachable("connection refused"))
    }

    @Test func `the error of an unknown host says so`() async throws {
        let failure = Self.failure(in: await Self.ask(1, timeout: .seconds(2), host: "nobody.invalid"))
        // Where there is no network, the name service may be silent instead.
        #expect(failure == .unreachable("the host is not known") || failure == .timedOut(seconds: 2))
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\u{0}\u{1}\u{2}\u{3}",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 200_000) + "\r\n\r\n",
    ])
    func `a response that is not HTTP, or not complete, is malformed`(text: String) async throws {
        #expect(try await Self.failure([text]) == .broken)
    }

    @Test(arguments: ["", "x", "ftp://127.0.0.1/", "http:///x", "unix:///x"])
    func `only URLs of http and https are requested`(text: String) async {
        await #expect(throws: OutgoingError.badURL) {
            try await OutgoingRequest(.get, text, timeout: .seconds(2), limit: 10).send()
        }
    }

    @Test func `the error of an unusable file of authorities names it`() async {
        #expect(Self.failure(in: await Self.ask(1, authorities: "/nowhere.pem")) == .authorities(path: "/nowhere.pem"))
        #expect(Self.failure(in: await Self.ask(1, authorities: "/dev/null")) == .authorities(path: "/dev/null"))
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `a certificate is accepted if its authority is trusted and it names the host`() async throws {
        let certificate = try await TestCertificate(for: "IP:127.0.0.1")
        let other = try await TestCertificate(for: "DNS:other.example")
        defer {
        }
        let script = ScriptedServer.Script(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])
        try await ScriptedServer.with(script, tls: certificate.context()) { port in
            let trusted = await Self.ask(port, scheme: "https", authorities: certificate.path)
            #expect((try? trusted.get().status) == 200)
            let unknown = "the certificate is not signed by a trusted authority, or not valid now"
            #expect(Self.failure(in: await Self.ask(port, scheme: "https")) == .tls(unknown))
        }
        try await ScriptedServer.with(script, tls: other.context()) { port in
            let answer = await Self.ask(port, scheme: "https", authorities: other.path)
            #expect(Self.failure(in: answer) == .tls("the certificate is for another host"))
        }
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `a server that supports only TLS 1.1 is refused, and one with 1.2 accepted`() async throws {
        let certificate = try await TestCertificate(for: "IP:127.0.0.1")
        let script = ScriptedServer.Script(pieces: ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"])
        for newest in [TLSVersion.tlsv12, .tlsv13] {
            try await ScriptedServer.with(script, tls: certificate.context(upTo: newest)) { port in
                let answer = await Self.ask(port, scheme: "https", authorities: certificate.path)
                #expect((try? answer.get().status) == 200)
            }
        }
        for newest in [TLSVersion.tlsv1, .tlsv11] {
            try await ScriptedServer.with(script, tls: certificate.context(upTo: newest)) { port in
                let answer = await Self.ask(port, scheme: "https", authorities: certificate.path)
                #expect(Self.failure(in: answer) == .tls("the handshake failed"))
            }
        }
    }

    @Test(arguments: ["gzip", "deflate", "x-gzip", "br"])
    func `a compressed body is not unpacked, and the limit counts the bytes on the wire`(encoding: String) async throws {
        // Ten thousand zeros (printf '%010000d' | gzip -9n); deflate goes without the ten bytes before them and the eight after.
        let gzip: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x01, 0x0d, 0x00, 0x00,
            0x00, 0xc2, 0xa0, 0x4a, 0xef, 0x9f, 0xce, 0x1c, 0x6e, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x00, 0xc0, 0xbf, 0x01, 0x69, 0x58, 0x18, 0x0a, 0x10, 0x27, 0x00, 0x00,
        ]
        let body = encoding == "deflate" ? Array(gzip.dropFirst(10).dropLast(8)) : gzip
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(encoding)\r\nContent-Length: \(body.count)\r\n\r\n"
        try await ScriptedServer.with(.init(bytes: Array(head.utf8) + body)) { port in
            let answer = try await Self.ask(port, limit: body.count).get()
            #expect(answer.body == body)
            #expect(answer.headers["content-encoding"] == [encoding])
            #expect(Self.failure(in: await Self.ask(port, limit: body.count - 1)) == .tooLarge(limit: body.count - 1))
        }
    }

    @Test func `plain HTTP on a TLS port is a TLS error`() async throws {
        let failure = try await ScriptedServer.with(.init(pieces: ["HTTP/1.1 400 Bad Request\r\n\r\n"])) {
            Self.failure(in: await Self.ask($0, scheme: "https"))
        }
        #expect(failure == .tls("the handshake failed"))
    }

    @Test func `a cancelled request ends at once`() async throws {
        let script = ScriptedServer.Script(pieces: [], end: .silence)
        try await ScriptedServer.with(script) { port in
            let task = Task { await Self.ask(port) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            // Not given up, it would still be waiting when the test's time is over.
            #expect(Self.failure(in: await task.value) != nil)
        }
    }
}
