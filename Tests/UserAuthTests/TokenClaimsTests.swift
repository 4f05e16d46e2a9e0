// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

struct TokenClaimsTests {
    private static let now = Claims.now

    @Test func `the usual token is accepted, and the principal has its claims`() throws {
        let scene = try Scene()
        let claims = Claims().with("scope", "\"upload:avatars  upload:docs upload:avatars\"").with("scp", "[\"extra\"]")
        let principal = try scene.authenticator.authenticate(authorization: ["Bearer \(scene.key.token(claims))"], at: .now())
        #expect(principal.tenant == "acme")
        #expect(principal.user == "u1")
        #expect(principal.scopes == ["upload:avatars", "upload:docs", "extra"])
        #expect(principal.expires == .now(600))
        guard case .token(let identity) = principal.source else { return #expect(Bool(false)) }
        #expect(identity.issuer.identifier == "https://id.example")
        #expect(identity.keyID == "k1")
    }

    @Test(arguments: malformedPayloads)
    func `payloads that are not a JSON object, or repeat a name, are refused`(payload: String) throws {
        let scene = try Scene()
        #expect(scene.answer(try scene.key.token(header: "{\"alg\":\"ES256\"}", payload: payload)) == "claims-malformed")
    }

    private static let malformedPayloads: [String] = [
        "", "null", "[]", "\"x\"", "5", "{", "{}{}", "\u{FEFF}{}", "{\"iss\":\"a\",\"iss\":\"b\"}",
        String(Claims().json.dropLast()) + ",\"exp\":\(now + 900)}",
        String(Claims().json.dropLast()) + ",\"\\u0065xp\":\(now + 900)}",
        "{\"x\":" + String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000) + "}",
        "{\"x\":" + String(repeating: "{\"a\":", count: 1000) + "1" + String(repeating: "}", count: 1000) + "}",
        "{\"x\":\"\\udfff\"}", "{\"x\":\"\\ud83d\"}", "{\"x\":\"\\ud83d\\u0041\"}", "{\"x\":\"\u{0}\"}", "{\"x\":\"\r\n\"}",
        "{\"x\":01}",
        "{\"x\":NaN}", "{\"x\":Infinity}",
    ]

    @Test func `claims that are not UTF-8 are refused`() throws {
        let scene = try Scene()
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3]] {
            let header = Base64URL.encode("{\"alg\":\"ES256\"}".utf8)
            let payload = Base64URL.encode(Array("{\"sub\":\"".utf8) + bytes + Array("\"}".utf8))
            let signature = Base64URL.encode(try scene.key.sign(Array("\(header).\(payload)".utf8)))
            #expect(scene.answer("\(header).\(payload).\(signature)") == "claims-malformed")
        }
    }

    @Test func `iss must equal the issuer's name byte for byte`() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().without("iss")) == "issuer-missing")
        for value in ["null", "1", "[\"https://id.example\"]", "{}"] {
            #expect(try scene.answer(Claims().with("iss", value)) == "issuer-missing")
        }
        for value in [
            "", "https://id.example/", "HTTPS://id.example", "https://id.example\\u0000", " https://id.example",
            "https://id.exampl\\u0065\\u0301",
        ] {
            #expect(try scene.answer(Claims().with("iss", "\"\(value)\"")) == "issuer-unknown")
        }
        #expect(try scene.answer(Claims().with("iss", "\"https:\\/\\/id.example\"")) == "accepted")
    }

    @Test func `aud is a string or an array of strings, one of which is the service's`() throws {
        let scene = try Scene()
        for value in ["\"uploads\"", "[\"uploads\"]", "[\"other\",\"uploads\"]", "[\"uploads\",\"uploads\"]"] {
            #expect(try scene.answer(Claims().with("aud", value)) == "accepted")
        }
        for value in ["\"\"", "\"Uploads\"", "\"uploads \"", "\"uploads\\u0000\"", "[\"other\"]", "[\"\"]"] {
            #expect(try scene.answer(Claims().with("aud", value)) == "audience-mismatch")
        }
        for value in ["null", "1", "true", "{}", "{\"uploads\":1}", "[\"uploads\",1]", "[null]", "[[\"uploads\"]]"] {
            #expect(try scene.answer(Claims().with("aud", value)) == "audience-malformed")
        }
        let many = "[" + Array(repeating: "\"uploads\"", count: 65).joined(separator: ",") + "]"
        #expect(try scene.answer(Claims().with("aud", many)) == "audience-malformed")
        #expect(try scene.answer(Claims().without("aud")) == "audience-missing")
    }

    @Test func `an empty array as aud is refused`() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().with("aud", "[]")) == "audience-missing")
    }

    @Test func `exp 1e308 is refused`() throws {
        let scene = try Scene(maximumLifetime: Int.max)
        for value in [
            "1e308", "1e309", "1E+400", "-1", "-1e308", "9007199254740993.5", "1e16", "9223372036854775808",
            "\(String(repeating: "9", count: 400))",
        ] {
            #expect(try scene.answer(Claims().with("exp", value)) == "expiration-malformed", "\(value)")
        }
        #expect(try scene.answer(Claims().with("exp", "9007199254740992")) == "accepted")
    }

    @Test func `exp is required and a number, also a fraction or with an exponent`() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().without("exp")) == "expiration-missing")
        for value in ["null", "true", "\"\(Self.now + 600)\"", "[\(Self.now + 600)]", "{}", "\"\""] {
            #expect(try scene.answer(Claims().with("exp", value)) == "expiration-malformed")
        }
        for value in ["\(Self.now + 600).5", "1.8000006e9", "18000006E2"] {
            #expect(try scene.answer(Claims().with("exp", value)) == "accepted")
        }
        for value in ["0", "-0", "0.0", "1e-300"] {
            #expect(try scene.answer(Claims().with("exp", value)) == "expired")
        }
    }

    /// Since the response says so: nobody must learn it from a token that someone made up.
    @Test func `a token is reported as expired only after its signature, issuer and audience are found valid`() throws {
        let (scene, stranger) = (try Scene(), SigningKey.es256())
        let past = Claims().with("exp", "1")
        #expect(try scene.answer(past) == "expired")
        #expect(scene.answer(try stranger.token(past)) == "signature-invalid")
        #expect(
            scene.answer(try scene.key.token(past).split(separator: ".").dropLast().joined(separator: ".") + ".") != "expired")
        #expect(try scene.answer(past.with("iss", "\"https://other.example\"")) == "issuer-unknown")
        #expect(try scene.answer(past.with("aud", "\"other\"")) == "audience-mismatch")
    }

    @Test func `exp, nbf and iat have a skew of 60 seconds, to the second`() throws {
        let scene = try Scene()
        let claims = Claims()
        #expect(try scene.answer(claims, at: 600 + 59.75) == "accepted")
        #expect(try scene.answer(claims, at: 600 + 60) == "expired")
        #expect(try scene.answer(claims, at: -60) == "accepted")
        #expect(try scene.answer(claims, at: -60.25) == "issued-in-future")
        let later = claims.with("nbf", "\(Self.now + 120)")
        #expect(try scene.answer(later, at: 60) == "accepted")
        #expect(try scene.answer(later, at: 59.75) == "not-yet-valid")
    }

    @Test func `nbf and iat, if present, are numbers in range`() throws {
        let scene = try Scene()
        for value in ["null", "\"0\"", "-1", "1e308", "9007199254740993.5", "[]"] {
            #expect(try scene.answer(Claims().with("nbf", value)) == "not-before-malformed")
            #expect(try scene.answer(Claims().with("iat", value)) == "issued-at-malformed")
        }
        #expect(try scene.answer(Claims().with("nbf", "9007199254740992")) == "not-yet-valid")
        #expect(try scene.answer(Claims().with("iat", "9007199254740992")) == "issued-in-future")
        #expect(try scene.answer(Claims().with("nbf", "0")) == "accepted")
    }

    @Test func `a token lives 24 hours at most`() throws {
        let scene = try Scene()
        let day = 24 * 60 * 60
        #expect(try scene.answer(Claims().with("exp", "\(Self.now + day)")) == "accepted")
        #expect(try scene.answer(Claims().with("exp", "\(Self.now + day + 1)")) == "lifetime-too-long")
        #expect(try scene.answer(Claims().with("iat", "0")) == "lifetime-too-long")
        #expect(try scene.answer(Claims().with("iat", "0").with("exp", "9007199254740992")) == "lifetime-too-long")
    }

    @Test func `without iat the rest of the lifetime counts, with the skew`() throws {
        let scene = try Scene(maximumLifetime: 600)
        let claims = Claims().without("iat")
        #expect(try scene.answer(claims.with("exp", "\(Self.now + 660)")) == "accepted")
        #expect(try scene.answer(claims.with("exp", "\(Self.now + 661)")) == "lifetime-too-long")
        #expect(try scene.answer(claims.with("exp", "\(Self.now + 661)"), at: 1) == "accepted")
    }

    @Test(arguments: [0, 60, 3600, 30 * 24 * 3600, Int.max, -1000])
    func `an issuer's own limit of the lifetime is used`(maximum: Int) throws {
        let scene = try Scene(maximumLifetime: maximum)
        #expect(try scene.answer(Claims()) == (maximum >= 600 ? "accepted" : "lifetime-too-long"))
    }

    @Test func `the user is a string of 1 to 256 bytes, in the issuer's user claim`() throws {
        let scene = try Scene(userClaim: "https://example.com/user")
        let claims = Claims().without("sub")
        #expect(try scene.answer(Claims()) == "user-missing")
        for value in [
            "null", "7", "\"\"", "[\"u1\"]", "{}", "\"\(String(repeating: "u", count: 257))\"",
            "\"\(String(repeating: "é", count: 129))\"",
        ] {
            #expect(try scene.answer(claims.with("https://example.com/user", value)) == "user-malformed")
        }
        for value in ["u1", String(repeating: "u", count: 256), "\\u0000", "\\r\\n", "../..", "😀"] {
            #expect(try scene.answer(claims.with("https://example.com/user", "\"\(value)\"")) == "accepted")
        }
    }

    @Test func `the tenant of a service-wide issuer is a claim, a string of 1 to 256 bytes`() throws {
        let scene = try Scene(tenant: .claim("org"))
        #expect(try scene.answer(Claims()) == "tenant-missing")
        for value in ["null", "7", "\"\"", "[\"acme\"]", "\"\(String(repeating: "t", count: 257))\""] {
            #expect(try scene.answer(Claims().with("org", value)) == "tenant-malformed")
        }
        let token = try scene.key.token(Claims().with("org", "\"globex\""))
        #expect(try scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now()).tenant == "globex")
    }

    @Test func `the tenant of a tenant's own issuer does not come from the token`() throws {
        let scene = try Scene()
        let token = try scene.key.token(Claims().with("tenant", "\"globex\"").with("org", "\"globex\""))
        #expect(try scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now()).tenant == "acme")
    }

    @Test(arguments: scopeTexts)
    func `scopes are strings or arrays of strings in scope and scp, within bounds`(value: String, scopes: [String]?) throws {
        let scene = try Scene()
        for claim in ["scope", "scp"] {
            let token = try scene.key.token(Claims().with(claim, value))
            let principal = try? scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now())
            #expect(principal?.scopes == scopes)
            if scopes == nil { #expect(scene.answer(token) == "scopes-malformed") }
        }
    }

    private static let scopeTexts: [(String, [String]?)] = [
        ("\"\"", []), ("\"  \"", []), ("[]", []), ("\"a b  a \"", ["a", "b"]), ("[\"a b\",\"c\"]", ["a b", "c"]),
        ("\"a\\tb\"", ["a\tb"]), ("\"e\\u0301 é\"", ["e\u{301}", "é"]), ("null", nil), ("1", nil), ("{}", nil), ("[1]", nil),
        ("[\"a\",null]", nil),
        ("[\"\"]", nil), ("\"\(String(repeating: "a", count: 257))\"", nil),
        ("\"\(String(repeating: "a", count: 256))\"", [String(repeating: "a", count: 256)]),
        ("[" + (0...128).map { "\"s\($0)\"" }.joined(separator: ",") + "]", nil),
        ("\"" + (0...128).map { "s\($0)" }.joined(separator: " ") + "\"", nil),
        ("\"" + (0..<128).map { "s\($0)" }.joined(separator: " ") + "\"", (0..<128).map { "s\($0)" }),
    ]
}
