// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import UserAuth

/// What a declaration of an issuer requires of claims, and how declarations of one issuer are told apart.
struct DeclarationTests {
    private static func json(_ text: String) -> String { JSONWriter.quoted(text) }

    // MARK: Requirements

    @Test func `the audience may be in another claim`() throws {
        let scene = try Scene { issuer in
            issuer.audienceClaim = "client_id"
            issuer.audiences = ["5bsj"]
        }
        #expect(try scene.answer(Claims().without("aud").with("client_id", #""5bsj""#)) == "accepted")
        #expect(try scene.answer(Claims().with("aud", #""5bsj""#)) == "audience-missing")
        #expect(try scene.answer(Claims().with("client_id", #""5bsk""#)) == "audience-mismatch")
        #expect(try scene.answer(Claims().with("client_id", "1")) == "audience-malformed")
    }

    @Test func `an authorized party may stand instead of an audience, and is required then`() throws {
        let scene = try Scene { issuer in
            issuer.audiences = []
            issuer.authorizedParties = ["https://app.example", "web"]
        }
        let claims = Claims().without("aud")
        #expect(try scene.answer(claims.with("azp", #""web""#)) == "accepted")
        #expect(try scene.answer(claims.with("azp", #""https://app.example""#)) == "accepted")
        #expect(try scene.answer(claims.with("azp", #""https://app.example/""#)) == "authorized-party-mismatch")
        #expect(try scene.answer(claims.with("azp", #"["web"]"#)) == "authorized-party-malformed")
        #expect(try scene.answer(claims.with("azp", "null")) == "authorized-party-malformed")
        #expect(try scene.answer(claims) == "authorized-party-missing")
    }

    @Test func `beside an audience, the authorized party is required too`() throws {
        let scene = try Scene { $0.authorizedParties = ["web"] }
        #expect(try scene.answer(Claims().with("azp", #""web""#)) == "accepted")
        #expect(try scene.answer(Claims().with("azp", #""web""#).without("aud")) == "audience-missing")
        #expect(try scene.answer(Claims()) == "authorized-party-missing")
    }

    @Test func `without audience and authorized party nothing is accepted`() throws {
        let scene = try Scene { $0.audiences = [] }
        #expect(try scene.answer(Claims()) == "audience-mismatch")
    }

    @Test(arguments: [
        (RequiredClaim.Value.string("access"), #""access""#, true), (.string("access"), #""id""#, false),
        (.string("true"), #""true""#, true), (.string("true"), "true", false), (.bool(true), "true", true),
        (.bool(true), #""true""#, false), (.bool(false), "0", false), (.bool(false), "null", false), (.number(2), "2", true),
        (.number(2), "2.0", true), (.number(2), #""2""#, false), (.number(1), "true", false), (.string("a"), #"["a"]"#, false),
        (.string("é"), #""e\u0301""#, false),
    ])
    func `a required claim must have the value in the same JSON type`(
        value: RequiredClaim.Value, claim: String, isAccepted: Bool
    ) throws {
        let scene = try Scene { $0.requiredClaims = [RequiredClaim(name: "kind", value: value)] }
        #expect(try scene.answer(Claims().with("kind", claim)) == (isAccepted ? "accepted" : "required-claim-mismatch"))
        #expect(try scene.answer(Claims()) == "required-claim-missing")
    }

    @Test func `claims may be inside others, and a path through anything but objects leads nowhere`() throws {
        let scene = try Scene(tenant: .claim("unused")) { issuer in
            issuer.userClaim = ClaimPath("app", ["user", "id"])
            issuer.tenantClaim = ClaimPath("o", ["id"])
            issuer.scopeClaims = [ClaimPath("realm_access", ["roles"]), ClaimPath("permissions")]
            issuer.attributes = [.init(name: "org", claim: ClaimPath("o", ["slug"]))]
        }
        let claims = Claims().with("app", #"{"user":{"id":"7d"}}"#).with("o", #"{"id":"org_1","slug":"acme"}"#)
            .with("realm_access", #"{"roles":["uploader"]}"#).with("permissions", #"["a:b"]"#).with("scope", #""ignored""#)
        let principal = try scene.authenticator.authenticate(
            authorization: ["Bearer \(try scene.key.token(claims))"], at: .now())
        #expect(principal.user == "7d" && principal.tenant == "org_1" && principal.scopes == ["uploader", "a:b"])
        guard case .token(let identity) = principal.source else { return #expect(Bool(false)) }
        #expect(identity.attributes.map(\.name) == ["org"] && identity.attributes.map(\.value) == ["acme"])
        for app in [#""user""#, #"{"user":"id"}"#, #"{"user":[{"id":"7d"}]}"#, #"["user"]"#, #"{"user":null}"#, "{}"] {
            #expect(try scene.answer(claims.with("app", app)) == "user-missing")
        }
        #expect(try scene.answer(claims.with("app", #"{"user":{"id":7}}"#)) == "user-malformed")
        #expect(try scene.answer(claims.with("o", #""org_1""#)) == "tenant-missing")
        // A name with dots is a name, not a path.
        #expect(try scene.answer(claims.without("app").with("app.user.id", #""7d""#)) == "user-missing")
    }

    @Test func `an attribute that is not a short string is left out`() throws {
        let scene = try Scene { $0.attributes = [.init(name: "org", claim: ClaimPath("org"))] }
        for (value, expected) in [
            (#""a""#, ["a"]), (#""""#, []), ("1", []), (#"["a"]"#, []), ("null", []),
            (Self.json(String(repeating: "a", count: 256)), [String(repeating: "a", count: 256)]),
            (Self.json(String(repeating: "a", count: 257)), []),
        ] {
            let token = try scene.key.token(Claims().with("org", value))
            let principal = try scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now())
            guard case .token(let identity) = principal.source else { return #expect(Bool(false)) }
            #expect(identity.attributes.map(\.value) == expected)
        }
    }

    @Test func `the clocks may differ by the declared time`() throws {
        let scene = try Scene { $0.clockSkew = 10 }
        #expect(try scene.answer(Claims(), at: 609) == "accepted" && scene.answer(Claims(), at: 610) == "expired")
        #expect(try scene.answer(Claims(), at: -10) == "accepted" && scene.answer(Claims(), at: -11) == "issued-in-future")
    }

    @Test(arguments: [0, 1000])
    func `from its end on a declaration accepts nothing, not even cached tokens`(cacheCapacity: Int) throws {
        let scene = try Scene(cacheCapacity: cacheCapacity) { $0.end = Double(Claims.now) + 100 }
        let token = try scene.key.token()
        for (time, answer) in [(0.0, "accepted"), (99, "accepted"), (100, "issuer-ended"), (101, "issuer-ended")] {
            #expect(scene.answer(token, at: time) == answer)
        }
    }

    // MARK: Several declarations of one issuer

    private static func declaration(
        _ key: SigningKey, owner: String, issuer: String = "https://id.example", configure: (inout Issuer) -> Void
    ) throws -> TrustedIssuer {
        let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [key.algorithm])
        return TrustedIssuer(
            issuer: issuer, audiences: ["uploads"], algorithms: [key.algorithm], keys: set, tenant: .fixed(owner),
            configure: configure)
    }

    /// The tenant, or the reason of the refusal.
    private static func answer(_ authenticator: Authenticator, _ token: String) -> String {
        (try? authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now()).tenant) ?? authenticator.answer(token)
    }

    @Test func `declarations are told apart by audience, authorized party or a required claim`() throws {
        let key = SigningKey.es256()
        let authenticator = Authenticator(
            issuers: [
                try Self.declaration(key, owner: "by-audience") { $0.audiences = ["a", "b"] },
                try Self.declaration(key, owner: "by-client") {
                    $0.audienceClaim = "client_id"; $0.audiences = ["c"]
                },
                try Self.declaration(key, owner: "by-party") {
                    $0.audiences = []; $0.authorizedParties = ["web"]
                },
                try Self.declaration(key, owner: "by-claim") {
                    $0.audiences = ["x"]
                    $0.requiredClaims = [RequiredClaim(name: "kind", value: .string("access"))]
                },
                try Self.declaration(key, owner: "by-other-claim") {
                    $0.audiences = ["x"]
                    $0.requiredClaims = [RequiredClaim(name: "kind", value: .string("id"))]
                },
            ], apiKeys: [])
        func answer(_ claims: Claims) throws -> String { Self.answer(authenticator, try key.token(claims)) }
        let none = Claims().without("aud")
        #expect(try answer(none.with("aud", #""a""#)) == "by-audience")
        #expect(try answer(none.with("aud", #"["a","b"]"#)) == "by-audience")
        #expect(try answer(none.with("client_id", #""c""#)) == "by-client")
        #expect(try answer(none.with("azp", #""web""#)) == "by-party")
        #expect(try answer(none.with("aud", #""x""#).with("kind", #""access""#)) == "by-claim")
        #expect(try answer(none.with("aud", #""x""#).with("kind", #""id""#)) == "by-other-claim")
        #expect(try answer(none.with("aud", #""x""#).with("kind", "1")) == "declaration-unmatched")
        #expect(try answer(none) == "declaration-unmatched")
        // Tokens that could act for two tenants.
        #expect(try answer(none.with("aud", #""a""#).with("azp", #""web""#)) == "issuer-ambiguous")
        #expect(try answer(none.with("aud", #""a""#).with("client_id", #""c""#)) == "issuer-ambiguous")
        #expect(try answer(none.with("aud", #"["a","x"]"#).with("kind", #""id""#)) == "issuer-ambiguous")
    }

    @Test func `a secret and public keys of one issuer are told apart by the algorithm alone`() throws {
        let bytes = [UInt8](repeating: 0x61, count: 32)
        let secret = SigningKey.hmac(.hs256, secret: bytes)
        let key = SigningKey.es256()
        let keySet = try KeySet(secret: bytes, algorithms: [.hs256])
        let authenticator = Authenticator(
            issuers: [
                TrustedIssuer(
                    issuer: "https://id.example", audiences: ["uploads"], algorithms: [.hs256], keys: keySet,
                    tenant: .fixed("old")),
                try Self.declaration(key, owner: "new") { _ in },
            ], apiKeys: [])
        #expect(Self.answer(authenticator, try secret.token()) == "old")
        #expect(Self.answer(authenticator, try key.token()) == "new")
        // CVE-2015-9235: the public key as a secret.
        let forger = SigningKey.hmac(.hs256, secret: Array(key.jwk().utf8))
        #expect(Self.answer(authenticator, try forger.token()) == "signature-invalid")
    }

    @Test func `a template and one of its issuers are told apart like any two declarations`() throws {
        let key = SigningKey.es256()
        let authenticator = Authenticator(
            issuers: [
                try Self.declaration(key, owner: "all", issuer: "https://id.example/{tid}/v2") { _ in },
                try Self.declaration(key, owner: "one", issuer: "https://id.example/a/v2") { $0.audiences = ["one"] },
            ], apiKeys: [])
        func answer(_ directory: String, _ audience: String, tid: String? = nil) throws -> String {
            let claims = Claims().with("iss", "\"https://id.example/\(directory)/v2\"").with("aud", "\"\(audience)\"")
                .with("tid", "\"\(tid ?? directory)\"")
            return Self.answer(authenticator, try key.token(claims))
        }
        #expect(try answer("a", "one") == "one" && answer("a", "uploads") == "all" && answer("b", "uploads") == "all")
        #expect(try answer("b", "one") == "audience-mismatch")
        #expect(try answer("b", "uploads", tid: "a") == "issuer-claim-mismatch")
        #expect(try answer("a/b", "uploads") == "issuer-unknown")
    }

    @Test func `a key of one directory does not serve another's tokens`() throws {
        let (common, own) = (SigningKey.es256(), SigningKey.es256())
        func jwk(_ key: SigningKey, kid: String, issuer: String) -> String {
            key.jwk(kid: kid, further: ",\"issuer\":\"\(issuer)\"")
        }
        let set = try KeySet(
            jwks: Array(
                """
                {"keys":[\(jwk(common, kid: "k1", issuer: "https://id.example/{tenantid}/v2")),\(jwk(own, kid: "k2", issuer: "https://id.example/a/v2"))]}
                """.utf8), algorithms: [.es256])
        let trusted = TrustedIssuer(
            issuer: "https://id.example/{tid}/v2", audiences: ["uploads"], algorithms: [.es256], keys: set, tenant: .claim("tid"))
        let authenticator = Authenticator(issuers: [trusted], apiKeys: [])
        func answer(_ key: SigningKey, _ kid: String, _ directory: String) throws -> String {
            let claims = Claims().with("iss", "\"https://id.example/\(directory)/v2\"").with("tid", "\"\(directory)\"")
            return Self.answer(authenticator, try key.token(claims, kid: kid))
        }
        #expect(try answer(common, "k1", "a") == "a" && answer(common, "k1", "b") == "b" && answer(own, "k2", "a") == "a")
        #expect(try answer(own, "k2", "b") == "key-issuer-mismatch")
    }

    @Test func `the segment of an issuer is its name, with the placeholder's value if it has one`() throws {
        func segment(_ pattern: String, _ name: String?, _ issuer: String) throws -> String? {
            var declared = Issuer(
                pattern: try IssuerPattern(parsing: pattern), algorithms: [.es256], keySource: .jwksFile("keys.json"))
            declared.name = name
            return UserIssuer(declared.pattern, name: declared.name, identifier: issuer).segment
        }
        #expect(try segment("https://id.example", "staff", "https://id.example") == "staff")
        #expect(try segment("https://id.example/{tid}", "entra", "https://id.example/A-1") == "entra.A-1")
        #expect(try segment("https://id.example", nil, "https://id.example") == nil)
    }

    @Test(arguments: [
        ("https://id.example/", "https://id.example"), ("https://other.example", nil),
        ("https://login.example/a", "https://login.example/{tid}/"),
    ])
    func `an unknown issuer that differs by a slash is told`(issuer: String, similar: String?) throws {
        let key = SigningKey.es256()
        let authenticator = Authenticator(
            issuers: [
                try Self.declaration(key, owner: "a") { _ in },
                try Self.declaration(key, owner: "b", issuer: "https://login.example/{tid}/") { _ in },
            ], apiKeys: [])
        let token = try key.token(Claims().with("iss", Self.json(issuer)))
        #expect(throws: AuthenticationError.issuerUnknown(similar: similar)) {
            try authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now())
        }
    }

    @Test func `one of thousands of declarations is found by the audience`() throws {
        let key = SigningKey.es256()
        let declarations = try (0..<2000).map { index in
            try Self.declaration(key, owner: "t\(index)") { $0.audiences = ["a\(index)", "b\(index)"] }
        }
        let authenticator = Authenticator(issuers: declarations, apiKeys: [])
        #expect(Self.answer(authenticator, try key.token(Claims().with("aud", #""b1234""#))) == "t1234")
        #expect(Self.answer(authenticator, try key.token(Claims().with("aud", #"["b1","a2"]"#))) == "issuer-ambiguous")
        #expect(Self.answer(authenticator, try key.token(Claims().with("aud", #""c""#))) == "declaration-unmatched")
    }
}
