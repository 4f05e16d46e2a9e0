// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import Testing

@testable import UserAuth

struct KeyFetcherTests {
    private static let key = SigningKey.es256()

    /// The reason of the error, or nil.
    private static func reason(_ fetcher: KeyFetcher) async -> String? {
        do throws(KeyFetchError) {
            _ = try await fetcher.fetch()
            return nil
        } catch {
            return error.reason.rawValue
        }
    }

    @Test func `the request for a set has bounds and the issuer's authorities`() async throws {
        let provider = KeyProvider(.keys(Self.key.jwk(), headers: ["cache-control": ["max-age=120"]]))
        let fetched = try await provider.fetcher(authorities: "/ca.pem").fetch()
        #expect(fetched.set.keyIDs == ["k1"])
        #expect(fetched.lifetime == .seconds(120))
        let request = try #require(provider.requests.first)
        #expect(request.url == KeyProvider.keysURL)
        #expect(request.method == .get)
        #expect(request.limit == 262_144)
        #expect(request.timeout <= .seconds(2) && request.timeout > .seconds(1))
        #expect(request.authorities == "/ca.pem")
    }

    @Test func `the discovery document and the set share the time limit`() async throws {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        _ = try await provider.fetcher(endpoint: .discovery).fetch()
        let requests = provider.requests
        #expect(requests.map(\.url) == ["https://id.example/.well-known/openid-configuration", "https://id.example/k"])
        #expect(requests[0].timeout <= .seconds(2))
        #expect(requests[1].timeout < requests[0].timeout)
    }

    @Test(arguments: [KeyEndpoint.discovery, .jwks(url: KeyProvider.keysURL)])
    func `the discovery document and the set are requested through the proxy`(endpoint: KeyEndpoint) async throws {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        let proxies = try ProxySettings(environment: ["HTTPS_PROXY": "proxy.example:3128"])
        _ = try await provider.fetcher(endpoint: endpoint, proxies: proxies).fetch()
        let names = provider.requests.map(\.proxies.proxy?.name)
        #expect(names == Array(repeating: "proxy.example:3128", count: endpoint == .discovery ? 2 : 1))
    }

    @Test func `a timeout through a proxy has the whole time limit too`() async {
        let provider = KeyProvider(.failure(.proxy("proxy.example:3128", .timedOut(seconds: 1.9))))
        let error = await #expect(throws: KeyFetchError.self) { try await provider.fetcher().fetch() }
        #expect(error?.reason == .timeout)
        #expect(error?.description.contains("within 2 s through the proxy proxy.example:3128; check the proxy") == true)
    }

    @Test func `the URL of a set is https, or http on this machine`() async {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        func reason(_ url: String) async -> String? { await Self.reason(provider.fetcher(endpoint: .jwks(url: url))) }
        #expect(await reason("http://id.example/jwks.json") == "not-private")
        #expect(await reason("jwks.json") == "bad-url")
        #expect(await reason("https://user:password@id.example/") == "bad-url")
        #expect(provider.requests.isEmpty)
        #expect(await reason("http://127.0.0.1:8080/jwks.json") == nil)
        #expect(await reason("http://[::1]:8080/jwks.json") == nil)
    }

    @Test(arguments: [
        ("https://id.example", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/realms/a", "https://id.example/realms/a/.well-known/openid-configuration"),
        ("https://id.example/realms/a/", "https://id.example/realms/a/.well-known/openid-configuration"),
    ])
    func `the discovery document is below the issuer, with or without a final slash`(issuer: String, url: String) async {
        let provider = KeyProvider(
            .keys(Self.key.jwk()), discovery: .text("{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"https://keys.example/k\"}")
        )
        #expect(await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery)) == nil)
        #expect(provider.requests.map(\.url) == [url, "https://keys.example/k"])
    }

    @Test(arguments: [
        ("accounts.example", "bad-url"), ("https://id.example?x=1", "bad-url"), ("https://id.example/#", "bad-url"),
        ("http://id.example", "not-private"), ("", "bad-url"),
    ])
    func `an issuer that is not a URL has no discovery document`(issuer: String, reason: String) async {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        #expect(await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery)) == reason)
        #expect(provider.requests.isEmpty)
    }

    @Test(arguments: [
        (#"{"issuer":"https://id.example/","jwks_uri":"https://id.example/k"}"#, "issuer-mismatch"),
        (#"{"issuer":"https://ID.example","jwks_uri":"https://id.example/k"}"#, "issuer-mismatch"),
        (#"{"issuer":"https://evil.example","jwks_uri":"https://id.example/k"}"#, "issuer-mismatch"),
        (#"{"issuer":"https://id.example","jwks_uri":"http://id.example/k"}"#, "not-private"),
        (#"{"issuer":"https://id.example","jwks_uri":"http://127.0.0.1/k"}"#, "not-private"),
        (#"{"issuer":"https://id.example","jwks_uri":"file:///etc/passwd"}"#, "bad-url"),
        (#"{"issuer":"https://id.example","jwks_uri":"/k"}"#, "bad-url"),
        (#"{"issuer":"https://id.example","jwks_uri":"https://u:p@id.example/k"}"#, "bad-url"),
        (#"{"issuer":"https://id.example","jwks_uri":["https://id.example/k"]}"#, "discovery-incomplete"),
        (#"{"issuer":"https://id.example"}"#, "discovery-incomplete"),
        (#"{"jwks_uri":"https://x/"}"#, "discovery-incomplete"),
        (#"{"issuer":1,"jwks_uri":"https://x/"}"#, "discovery-incomplete"), ("[]", "discovery-incomplete"),
        ("<html>", "not-json"), (#"{"issuer":"https://id.example","issuer":"x","jwks_uri":"https://x/"}"#, "not-json"),
        (String(repeating: "[", count: 100_000), "not-json"), (String(repeating: " ", count: 300_000), "too-large"),
    ])
    func `a discovery document must name its issuer and an allowed set`(text: String, reason: String) async {
        let provider = KeyProvider(.keys(Self.key.jwk()), discovery: .text(text))
        #expect(await Self.reason(provider.fetcher(endpoint: .discovery)) == reason)
        #expect(provider.requests.count == 1)
    }

    @Test func `only an issuer on this machine may name a set over http`() async {
        func reason(_ issuer: String, _ keys: String) async -> String? {
            let provider = KeyProvider(
                .keys(Self.key.jwk()), discovery: .text("{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"\(keys)\"}"))
            return await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery))
        }
        #expect(await reason("http://localhost:8080", "http://127.0.0.1:8080/k") == nil)
        #expect(await reason("http://localhost:8080", "https://id.example/k") == nil)
        #expect(await reason("http://localhost:8080", "http://id.example/k") == "not-private")
    }

    @Test(arguments: [
        "https://169.254.169.254/k", "https://169.254.0.1:8443/k", "https://[fe80::1]/k", "https://[::ffff:169.254.169.254]/k",
        "https://127.0.0.1/k", "https://[::1]/k", "https://[0:0:0:0:0:0:0:1]/k", "https://localhost/k", "https://a.localhost/k",
        "https://0.0.0.0/k", "https://[::]/k",
    ])
    func `a discovery document cannot redirect the request to a link-local or loopback host`(url: String) async {
        let provider = KeyProvider(
            .keys(Self.key.jwk()), discovery: .text("{\"issuer\":\"https://id.example\",\"jwks_uri\":\"\(url)\"}"))
        #expect(await Self.reason(provider.fetcher(endpoint: .discovery)) == "forbidden-address")
        #expect(provider.requests.map(\.url) == ["https://id.example/.well-known/openid-configuration"])
    }

    @Test(arguments: ["https://169.254.169.254", "https://[fe80::1]", "https://[::ffff:a9fe:a9fe]", "https://0.0.0.0"])
    func `an issuer's discovery document is not fetched from such a host either`(issuer: String) async {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        #expect(await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery)) == "forbidden-address")
        #expect(provider.requests.isEmpty)
    }

    @Test(
        arguments: [
            ("https://id.example", [.linkLocal, .loopback]), ("https://localhost:8443", [.linkLocal]),
            ("http://127.0.0.1:8080", [.linkLocal]), ("https://[::1]", [.linkLocal]),
        ] as [(String, Set<AddressKind>)])
    func `with discovery, both requests have the addresses that their names must not resolve to`(
        issuer: String, forbidden: Set<AddressKind>
    ) async {
        let provider = KeyProvider(
            .keys(Self.key.jwk()), discovery: .text("{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"https://keys.example/k\"}"))
        #expect(await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery)) == nil)
        #expect(provider.requests.map(\.forbidden) == [forbidden, forbidden])
    }

    @Test func `only an issuer on this machine may have its keys on loopback, and none on link-local hosts`() async {
        func reason(_ keys: String) async -> String? {
            let issuer = "https://localhost:8443"
            let provider = KeyProvider(
                .keys(Self.key.jwk()), discovery: .text("{\"issuer\":\"\(issuer)\",\"jwks_uri\":\"\(keys)\"}"))
            return await Self.reason(provider.fetcher(issuer: issuer, endpoint: .discovery))
        }
        #expect(await reason("https://127.0.0.1/k") == nil)
        #expect(await reason("https://[::1]/k") == nil)
        #expect(await reason("https://169.254.169.254/k") == "forbidden-address")
        #expect(await reason("https://[fe80::1]/k") == "forbidden-address")
    }

    @Test func `a key set that an operator names may be on any host`() async {
        let provider = KeyProvider(.keys(Self.key.jwk()))
        #expect(await Self.reason(provider.fetcher(endpoint: .jwks(url: "https://127.0.0.1/k"))) == nil)
        #expect(provider.requests.map(\.forbidden) == [[]])
    }

    @Test func `a name that resolves to this machine is refused for an issuer elsewhere`() async {
        let names = NameLookup { _ in .success(["127.0.0.1"]) }
        let fetcher = KeyFetcher(issuer: "https://id.example:1", endpoint: .discovery, algorithms: [.es256]) {
            request throws(OutgoingError) in try await request.send(names: names)
        }
        #expect(await Self.reason(fetcher) == "forbidden-address")
    }

    @Test func `a document for many directories says what to write, and one for another issuer says what to compare`() {
        let slash = KeyFetchError(.discovery, .issuerMismatch(hasTenantPlaceholder: false))
        #expect(slash.description.contains("with or without a final slash"))
        let entra = KeyFetchError(.discovery, .issuerMismatch(hasTenantPlaceholder: true))
        #expect(entra.description.contains("for many directories") && entra.description.contains("{tid}/v2.0 with keys: {jwks: "))
    }

    @Test func `a missing discovery document and one that needs credentials say what to write instead`() {
        let missing = KeyFetchError(.discovery, .status(404))
        #expect(missing.description.contains("configure the address of the key set as jwks"))
        for status in [401, 403] {
            let refused = KeyFetchError(.keySet, .status(status))
            #expect(refused.description.contains("system:service-account-issuer-discovery") && refused.reason == .status)
        }
        #expect(KeyFetchError(.keySet, .status(404)).description.contains("returned status 404 instead of 200"))
    }

    @Test func `every reason has a label of its own, and every message says what to do`() {
        let causes: [KeyFetchError.Cause] = [
            .unprotectedURL, .failure(.unreachable("connection refused")), .failure(.tls("x")), .failure(.timedOut(seconds: 2)),
            .failure(.tooLarge(limit: 1)), .failure(.broken), .failure(.badURL), .failure(.authorities(path: "/ca.pem")),
            .failure(.forbiddenAddress(.linkLocal)), .failure(.forbiddenAddress(.loopback)),
            .failure(.proxy("proxy:80", .unreachable("connection refused"))), .failure(.proxy("proxy:80", .refused)),
            .failure(.proxy("proxy:80", .authentication(isSent: false))), .failure(.proxy("proxy:80", .tls("x"))),
            .failure(.proxy("proxy:80", .authentication(isSent: true))), .failure(.proxy("proxy:80", .timedOut(seconds: 2))),
            .failure(.proxy("proxy:80", .broken)),
            .redirect(status: 302), .status(500), .notJSON(line: 1, byte: 1), .incomplete,
            .issuerMismatch(hasTenantPlaceholder: false),
            .keySet(.notAKeySet),
            .keySet(.tooManyKeys(maximum: 64)), .keySet(.duplicateKeyID("x")), .keySet(.noUsableKey(skipped: [])),
            .keySet(.noAlgorithms),
        ]
        let errors = causes.map { KeyFetchError(.keySet, $0) }
        #expect(Set(errors.map(\.reason)) == Set(KeyFetchError.Reason.allCases))
        for error in errors {
            #expect(error.description.hasPrefix("the key set") || error.description.hasPrefix("the discovery document"))
            #expect(error.description.contains(": "))
        }
    }
}
