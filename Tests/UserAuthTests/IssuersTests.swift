// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct IssuersTests {
    private static func issuer(
        _ name: String,
        _ key: SigningKey,
        tenant: TenantBinding,
        audiences: [String] = ["uploads"]
    ) throws -> TrustedIssuer {
        let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [key.algorithm])
        return TrustedIssuer(issuer: name, audiences: audiences, algorithms: [key.algorithm], keys: set, tenant: tenant)
    }

    private static func claims(_ issuer: String) -> Claims {
        Claims().with("iss", "\"\(issuer)\"")
    }

    @Test(arguments: [0, 1000])
    func `a key verifies only tokens of its own issuer, even if both keys have the same kid`(cacheCapacity: Int) throws {
        let (acme, globex) = (SigningKey.es256(), SigningKey.es256())
        let authenticator = Authenticator(
            issuers: [
                try Self.issuer("https://acme.example", acme, tenant: .fixed("acme")),
                try Self.issuer("https://globex.example", globex, tenant: .fixed("globex")),
            ],
            apiKeys: [],
            cacheCapacity: cacheCapacity
        )
        let right = try acme.token(Self.claims("https://acme.example"))
        let forged = try acme.token(Self.claims("https://globex.example"))
        // Twice, so that the second time could come from the cache (CVE-2026-33496).
        for _ in 0..<2 {
            #expect(authenticator.answer(right) == "accepted")
            #expect(authenticator.answer(forged) == "signature-invalid")
        }
        let principal = try authenticator.authenticate(authorization: ["Bearer \(right)"], at: .now())
        #expect(principal.tenant == "acme")
        guard case .token(let identity) = principal.source else { return #expect(Bool(false)) }
        #expect(identity.issuer.identifier == "https://acme.example")
    }

    @Test func `issuers that are equal only under Unicode equivalence are different`() throws {
        let (composed, decomposed) = (SigningKey.es256(), SigningKey.es256())
        let authenticator = Authenticator(
            issuers: [
                try Self.issuer("https://é.example", composed, tenant: .fixed("a")),
                try Self.issuer("https://e\u{301}.example", decomposed, tenant: .fixed("b")),
            ],
            apiKeys: []
        )
        #expect(authenticator.answer(try composed.token(Self.claims("https://é.example"))) == "accepted")
        #expect(authenticator.answer(try decomposed.token(Self.claims("https://e\u{301}.example"))) == "accepted")
        #expect(authenticator.answer(try composed.token(Self.claims("https://e\u{301}.example"))) == "signature-invalid")
    }

    @Test func `audiences that are equal only under Unicode equivalence are different`() throws {
        let key = SigningKey.es256()
        let issuer = try Self.issuer("https://id.example", key, tenant: .fixed("acme"), audiences: ["é"])
        let authenticator = Authenticator(issuers: [issuer], apiKeys: [])
        #expect(authenticator.answer(try key.token(Claims().with("aud", "\"é\""))) == "accepted")
        #expect(authenticator.answer(try key.token(Claims().with("aud", "\"e\u{301}\""))) == "audience-mismatch")
    }

    @Test func `two tenants may trust one provider for different audiences, and a token for both is refused`() throws {
        let key = SigningKey.es256()
        let authenticator = Authenticator(
            issuers: [
                try Self.issuer(
                    "https://id.example", key, tenant: .fixed("acme"), audiences: ["acme-uploads", "acme-app"]),
                try Self.issuer("https://id.example", key, tenant: .fixed("globex"), audiences: ["globex-uploads"]),
            ],
            apiKeys: []
        )
        func answer(_ audience: String?) throws -> String {
            let token = try key.token(audience.map { Claims().with("aud", $0) } ?? Claims().without("aud"))
            guard let principal = try? authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now()) else {
                return authenticator.answer(token)
            }
            return principal.tenant
        }
        #expect(try answer("\"acme-uploads\"") == "acme")
        #expect(try answer("[\"acme-app\",\"acme-uploads\",\"other\"]") == "acme")
        #expect(try answer("\"globex-uploads\"") == "globex")
        for audience in ["[\"acme-uploads\",\"globex-uploads\"]", "\"other\"", "[]", "1", nil] {
            #expect(try answer(audience) == (audience?.hasPrefix("[\"") == true ? "issuer-ambiguous" : "declaration-unmatched"))
        }
    }

    @Test func `an issuer without audiences or algorithms accepts no token`() throws {
        let key = SigningKey.es256()
        let noAudience = try Self.issuer("https://id.example", key, tenant: .fixed("acme"), audiences: [])
        #expect(Authenticator(issuers: [noAudience], apiKeys: []).answer(try key.token()) == "audience-mismatch")
        #expect(Authenticator(issuers: [], apiKeys: []).answer(try key.token()) == "issuer-unknown")
        let scene = try Scene()
        let noAlgorithm = Scene(key: scene.key, keys: scene.keys.current, algorithms: [])
        #expect(noAlgorithm.answer(try scene.key.token()) == "algorithm-not-allowed")
    }

    @Test func `keys that were never fetched are the service's error, and only for tokens of that issuer`() throws {
        let key = SigningKey.es256()
        let scene = Scene(key: key, keys: nil, algorithms: [.es256])
        #expect(throws: AuthenticationError.keysUnavailable(issuer: "https://id.example")) {
            try scene.authenticator.authenticate(authorization: ["Bearer \(key.token())"], at: .now())
        }
        #expect(try scene.answer(Claims().with("iss", "\"https://other.example\"")) == "issuer-unknown")
        let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [.es256])
        scene.keys.replace(with: set)
        #expect(try scene.answer(Claims()) == "accepted")
    }

    @Test func `an issuer with a secret and one with a public key accept only their own algorithms`() throws {
        let secret = Array("a secret of at least thirty-two bytes".utf8)
        let (hmac, ecdsa) = (SigningKey.hmac(.hs256, secret: secret), SigningKey.es256())
        let authenticator = Authenticator(
            issuers: [
                TrustedIssuer(
                    issuer: "https://secret.example",
                    audiences: ["uploads"],
                    algorithms: [.hs256],
                    keys: try KeySet(secret: secret, algorithms: [.hs256]),
                    tenant: .fixed("acme")
                ),
                try Self.issuer("https://public.example", ecdsa, tenant: .fixed("globex")),
            ],
            apiKeys: []
        )
        #expect(authenticator.answer(try hmac.token(Self.claims("https://secret.example"))) == "accepted")
        #expect(authenticator.answer(try ecdsa.token(Self.claims("https://public.example"))) == "accepted")
        #expect(authenticator.answer(try hmac.token(Self.claims("https://public.example"))) == "algorithm-not-allowed")
        #expect(authenticator.answer(try ecdsa.token(Self.claims("https://secret.example"))) == "algorithm-not-allowed")
    }
}
