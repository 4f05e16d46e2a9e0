// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import OutgoingHTTP
import PosternTestSupport
import Testing

/// Requests through a proxy. The name service of these tests knows the proxy only: `proxy.example` is this machine.
@Suite(.timeLimit(.minutes(5)))
struct ProxiedRequestTests {
    private static let names = NameLookup { host in
        host == "proxy.example" ? .success(["127.0.0.1"]) : .failure(.unreachable("the host is not known"))
    }

    private static func ask(
        through proxy: String, _ url: String = "https://id.example/keys", exceptions: String = "",
        timeout: Duration = .seconds(600),
        authorities: String? = nil, forbidden: Set<AddressKind> = [], names: NameLookup = Self.names
    ) async -> Result<OutgoingResponse, OutgoingError> {
        guard let settings = try? ProxySettings(environment: ["HTTPS_PROXY": proxy, "NO_PROXY": exceptions]) else {
            return .failure(.badURL)
        }
        let request = OutgoingRequest(
            .get, url, timeout: timeout, limit: 1000, authorities: authorities, forbidden: forbidden, proxies: settings)
        do throws(OutgoingError) { return .success(try await request.send(names: names)) } catch { return .failure(error) }
    }

    private static func failure(_ result: Result<OutgoingResponse, OutgoingError>) -> OutgoingError? {
        if case .failure(let failure) = result { failure } else { nil }
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `the proxy connects to the host by its name, and TLS is with the host`() async throws {
        let certificate = try await TestCertificate(for: "DNS:id.example")
        try await TunnelServer.with(tls: certificate.context()) { proxy in
            let answer = await Self.ask(
                through: "http://us%40er:p%3Ass@proxy.example:\(proxy.port)", authorities: certificate.path,
                forbidden: [.loopback, .linkLocal])
            #expect((try? answer.get())?.body == Array("ok".utf8))
            // "us@er:p:ss"
            let head =
                "CONNECT id.example:443 HTTP/1.1\r\nhost: id.example\r\nproxy-authorization: Basic dXNAZXI6cDpzcw==\r\n\r\n"
            #expect(proxy.requests == [head])
        }
        try await TunnelServer.with(tls: certificate.context()) { proxy in
            let through = "http://proxy.example:\(proxy.port)"
            _ = try await Self.ask(through: through, "https://id.example:8443/keys", authorities: certificate.path).get()
            #expect(proxy.requests == ["CONNECT id.example:8443 HTTP/1.1\r\nhost: id.example\r\n\r\n"])
        }
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `the certificate must be the host's, and its authority a trusted one`() async throws {
        let own = try await TestCertificate(for: "DNS:id.example")
        let other = try await TestCertificate(for: "DNS:proxy.example")
        for (served, trusted, reason) in [
            (own, nil, "the certificate is not signed by a trusted authority, or not valid now"),
            (other, other.path, "the certificate is for another host"),
        ] as [(TestCertificate, String?, String)] {
            try await TunnelServer.with(tls: served.context()) { proxy in
                let name = "proxy.example:\(proxy.port)"
                let failure = Self.failure(await Self.ask(through: name, authorities: trusted))
                #expect(failure == .proxy(name, .tls(reason)))
                #expect(failure?.description == "TLS failed through the proxy \(name): \(reason)")
            }
        }
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `the limits of time and size hold through a proxy`() async throws {
        let certificate = try await TestCertificate(for: "DNS:id.example")
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + String(repeating: "x", count: 1001)
        try await TunnelServer.with(response: long, tls: certificate.context()) { proxy in
            let answer = await Self.ask(through: "proxy.example:\(proxy.port)", authorities: certificate.path)
            #expect(Self.failure(answer) == .tooLarge(limit: 1000))
        }
        try await TunnelServer.with(response: "HTTP/1.1 200 OK\r\n", tls: certificate.context()) { proxy in
            let name = "proxy.example:\(proxy.port)"
            #expect(Self.failure(await Self.ask(through: name, authorities: certificate.path)) == .proxy(name, .broken))
        }
    }

    @Test func `a proxy that is silent ends at the timeout`() async throws {
        try await ScriptedServer.with(.init(pieces: [], end: .silence)) { port in
            let answer = await Self.ask(through: "proxy.example:\(port)", timeout: .milliseconds(300))
            #expect(Self.failure(answer) == .proxy("proxy.example:\(port)", .timedOut(seconds: 0.3)))
            #expect(
                Self.failure(answer)?.description == "no complete response within 0.3 s through the proxy proxy.example:\(port)")
        }
    }

    @Test func `a proxy that cannot be reached is named`() async throws {
        // Nobody listens on port 1.
        #expect(
            Self.failure(await Self.ask(through: "proxy.example:1"))
                == .proxy("proxy.example:1", .unreachable("connection refused")))
        #expect(
            Self.failure(await Self.ask(through: "http://user:CANARY@other.example:1"))?.description
                == "cannot connect to the proxy other.example:1: the host is not known")
    }

    @Test func `each address of the proxy is tried`() async throws {
        let names = NameLookup { _ in .success(["127.0.0.3", "127.0.0.2", "127.0.0.1"]) }
        let denied = ScriptedServer.Script(pieces: ["HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"])
        try await ScriptedServer.with(denied) { port in
            let answer = await Self.ask(through: "proxy.example:\(port)", names: names)
            #expect(Self.failure(answer) == .proxy("proxy.example:\(port)", .refused))
        }
    }

    @Test func `a proxy that demands a user name and password is named, and what to change`() async throws {
        let demand = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nhello"
        try await ScriptedServer.with(.init(pieces: [demand])) { port in
            let name = "proxy.example:\(port)"
            let without = Self.failure(await Self.ask(through: name))
            #expect(without == .proxy(name, .authentication(isSent: false)))
            #expect(without?.description.contains("the proxy \(name) demands a user name and password") == true)
            let with = Self.failure(await Self.ask(through: "http://user:CANARY@\(name)"))
            #expect(with == .proxy(name, .authentication(isSent: true)))
            #expect(with?.description.contains("does not accept the user name and password") == true)
            #expect(with?.description.contains("CANARY") == false)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied", "HTTP/1.1 502 Bad Gateway\r\n\r\n<html>",
        "HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 503 Service Unavailable\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\nHTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
    ])
    func `a proxy that does not connect is named`(answer: String) async throws {
        try await ScriptedServer.with(.init(pieces: [answer])) { port in
            let name = "proxy.example:\(port)"
            #expect(Self.failure(await Self.ask(through: name)) == .proxy(name, .refused))
        }
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 20", "\u{0}\u{1}\u{2}\u{3}", "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 200_000) + "\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\ngarbage instead of TLS",
    ])
    func `an answer of a proxy that is not HTTP, or after which there is no TLS, names the proxy`(answer: String) async throws {
        try await ScriptedServer.with(.init(pieces: [answer])) { port in
            guard case .proxy(let name, let failure) = Self.failure(await Self.ask(through: "proxy.example:\(port)")) else {
                Issue.record("the proxy is not named")
                return
            }
            #expect(name == "proxy.example:\(port)")
            switch failure {
            case .broken, .tls, .refused: break
            default: Issue.record("\(failure)")
            }
        }
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `a host in NO_PROXY is requested directly`() async throws {
        let certificate = try await TestCertificate(for: "DNS:id.example")
        let names = NameLookup { host in host == "id.example" ? .success(["127.0.0.1"]) : .failure(.unreachable("asked")) }
        let script = ScriptedServer.Script(pieces: [TunnelServer.response])
        try await ScriptedServer.with(script, tls: certificate.context()) { port in
            let url = "https://id.example:\(port)/keys"
            func ask(_ exceptions: String) async -> Result<OutgoingResponse, OutgoingError> {
                await Self.ask(
                    through: "proxy.example:1", url, exceptions: exceptions, authorities: certificate.path, names: names)
            }
            #expect((try? await ask("id.example").get())?.status == 200)
            #expect(Self.failure(await ask("other.example")) == .proxy("proxy.example:1", .unreachable("asked")))
        }
    }

    @Test(arguments: ["https://127.0.0.1:1/", "https://localhost:1/", "https://[::1]:1/", "http://127.0.0.1:1/"])
    func `this machine is requested directly`(url: String) async throws {
        let names = NameLookup { host in host == "localhost" ? .success(["127.0.0.1"]) : .failure(.unreachable("asked")) }
        let failure = Self.failure(await Self.ask(through: "proxy.example:1", url, names: names))
        guard case .unreachable(let reason) = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(reason != "asked")
    }

    @Test(
        arguments: [
            ("https://169.254.169.254/", .linkLocal), ("https://[fe80::1]/", .linkLocal), ("https://127.0.0.1/", .loopback),
            ("https://localhost/", .loopback), ("https://0.0.0.0/", .loopback),
        ] as [(String, AddressKind)])
    func `an address that is forbidden is not requested through a proxy either`(url: String, kind: AddressKind) async throws {
        let names = NameLookup { host in host == "localhost" ? .success(["127.0.0.1"]) : .failure(.unreachable("asked")) }
        let answer = await Self.ask(through: "proxy.example:1", url, forbidden: [.linkLocal, .loopback], names: names)
        #expect(Self.failure(answer) == .forbiddenAddress(kind))
    }
}
