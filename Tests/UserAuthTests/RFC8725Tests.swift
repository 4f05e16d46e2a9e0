// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

/// JSON Web Token Best Current Practices (RFC 8725), section 3: for each recommendation what is accepted and what is refused.
struct RFC8725Tests {
    @Test func `3.1 algorithm verification: the issuer's algorithm is accepted`() throws {
        let scene = try Scene(key: try .rsa(.first, .ps256))
        #expect(try scene.answer(Claims()) == "accepted")
    }

    @Test func `3.1 algorithm verification: another algorithm is refused even if the key could serve it`() throws {
        let scene = try Scene(key: try .rsa(.first, .ps256))
        let other = try SigningKey.rsa(.first, .rs256)
        #expect(scene.answer(try other.token()) == "algorithm-not-allowed")
    }

    @Test func `3.2 appropriate algorithms: those in use today are accepted`() throws {
        for key in try SigningKey.asymmetric() {
            #expect(try Scene(key: key).answer(Claims()) == "accepted")
        }
    }

    @Test func `3.2 appropriate algorithms: none, and names that are no signature algorithm, are refused`() throws {
        let scene = try Scene()
        for name in ["none", "RSA1_5", "RSA-OAEP", "dir", "A128KW", "RS1", "HS1", "ES256K"] {
            let token = try scene.key.token(header: "{\"alg\":\"\(name)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "algorithm-unsupported")
            #expect(Algorithm(named: name) == nil)
        }
    }

    @Test func `3.3 all cryptographic operations: a valid signature is accepted`() throws {
        let scene = try Scene(key: .ed25519())
        #expect(try scene.answer(Claims()) == "accepted")
    }

    @Test func `3.3 all cryptographic operations: a wrong signature is refused, and nested tokens are not read`() throws {
        let scene = try Scene()
        let (stranger, inner) = (SigningKey.es256(), try scene.key.token())
        #expect(scene.answer(try stranger.token()) == "signature-invalid")
        let nested = try scene.key.token(header: "{\"alg\":\"ES256\",\"cty\":\"JWT\"}", payload: inner)
        #expect(scene.answer(nested) == "claims-malformed")
    }

    @Test func `3.4 cryptographic inputs: a point on its curve is accepted as a key`() throws {
        for key in [SigningKey.es256(), .es384(), .es512(), .ed25519()] {
            let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [key.algorithm])
            #expect(set.keyIDs == ["k1"])
        }
    }

    @Test func `3.4 cryptographic inputs: a point off its curve, at infinity or of small order is refused`() throws {
        let (zero, one) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 31) + [1])
        let keys = [
            "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Base64URL.encode(one))\",\"y\":\"\(Base64URL.encode(one))\"",
            "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Base64URL.encode(zero))\",\"y\":\"\(Base64URL.encode(zero))\"",
            "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(Base64URL.encode(zero))\"",
        ]
        for key in keys {
            #expect(throws: KeySetError.self) {
                try KeySet(jwks: Array("{\"keys\":[{\(key)}]}".utf8), algorithms: [.es256, .eddsa])
            }
        }
    }

    @Test func `3.5 sufficient entropy: a secret as long as the hash and an RSA key of 2048 bits are accepted`() throws {
        let secret = [UInt8](repeating: 0x5A, count: 32)
        for file in [secret, Array("{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(secret))\"}".utf8)] {
            let scene = Scene(
                key: .hmac(.hs256, secret: secret), keys: try KeySet(secret: file, algorithms: [.hs256]), algorithms: [.hs256])
            #expect(try scene.answer(Claims()) == "accepted")
        }
        #expect(try Scene(key: try .rsa(.second)).answer(Claims()) == "accepted")
    }

    @Test func `3.5 sufficient entropy: shorter keys and RSA keys with the ROCA weakness are refused`() {
        #expect(throws: KeySetError.self) {
            try KeySet(secret: Array("correct horse battery staple".utf8), algorithms: [.hs256])
        }
        #expect(throws: KeySetError.self) {
            try KeySet(pem: Array(PEMTestFile.rsa1024.utf8), algorithms: [.rs256])
        }
        let short = "{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode([UInt8](repeating: 0x5A, count: 31)))\"}"
        for file in [short, "{\"keys\":[\(short)]}"] {
            let error = #expect(throws: KeySetError.self) {
                try KeySet(secret: Array(file.utf8), algorithms: [.hs256])
            }
            #expect(error?.skipped.map(\.reason) == [.secretTooShort])
        }
        let broken = #expect(throws: KeySetError.self) {
            try KeySet(pem: Array(PEMTestFile.brokenGenerator.utf8), algorithms: [.rs256])
        }
        #expect(broken?.skipped.map(\.reason) == [.rsaWeak])
    }

    @Test func `3.6 compression: a signed token that is not encrypted is accepted`() throws {
        #expect(try Scene().answer(Claims()) == "accepted")
    }

    @Test func `3.6 compression: an encrypted token is refused, compressed or not`() throws {
        let scene = try Scene()
        for header in ["{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", "{\"alg\":\"ES256\",\"enc\":\"A256GCM\"}"] {
            let parts = [header, "", "iv", "ciphertext", "tag"].map { Base64URL.encode($0.utf8) }
            #expect(scene.answer(parts.joined(separator: ".")) == "token-encrypted")
        }
    }

    @Test func `3.7 UTF-8: claims in UTF-8 are accepted unchanged`() throws {
        let scene = try Scene()
        for name in ["Zoë", "Zoe\u{308}", "用户", "😀"] {
            let token = try scene.key.token(Claims().with("sub", "\"\(name)\""))
            let principal = try scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now())
            #expect(principal.user.map { Array($0.utf8) } == Array(name.utf8))
        }
    }

    @Test func `3.7 UTF-8: other encodings are refused`() throws {
        let scene = try Scene()
        let claims = Claims().with("sub", "\"Zoe\"").json
        let latin1 = claims.utf8.map { $0 == UInt8(ascii: "Z") ? 0xEB : $0 }
        let utf16 = claims.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        for payload in [latin1, utf16, [0xEF, 0xBB, 0xBF] + Array(claims.utf8)] {
            let input = Base64URL.encode("{\"alg\":\"ES256\"}".utf8) + "." + Base64URL.encode(payload)
            let token = try input + "." + Base64URL.encode(scene.key.sign(Array(input.utf8)))
            #expect(scene.answer(token) == "claims-malformed")
        }
    }

    @Test func `3.8 issuer and subject: the issuer's own key and a subject are accepted`() throws {
        #expect(try Scene().answer(Claims()) == "accepted")
    }

    @Test func `3.8 issuer and subject: another issuer's key and a missing subject are refused`() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().with("iss", "\"https://other.example\"")) == "issuer-unknown")
        #expect(try scene.answer(Claims().without("iss")) == "issuer-missing")
        #expect(try scene.answer(Claims().without("sub")) == "user-missing")
    }

    @Test func `3.9 audience: a token for this service is accepted`() throws {
        #expect(try Scene().answer(Claims().with("aud", "[\"other\",\"uploads\"]")) == "accepted")
    }

    @Test func `3.9 audience: a token for another service, or for none, is refused`() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().with("aud", "\"other\"")) == "audience-mismatch")
        #expect(try scene.answer(Claims().without("aud")) == "audience-missing")
    }

    @Test func `3.10 received claims: kid only selects a key of the issuer's set`() throws {
        let scene = try Scene()
        #expect(scene.answer(try scene.key.token(kid: "k1")) == "accepted")
    }

    @Test func `3.10 received claims: kid is no query, and jku, x5u, jwk and x5c add no keys`() throws {
        let (scene, stranger) = (try Scene(), SigningKey.es256())
        for kid in ["k1' UNION SELECT '1", "../../../dev/null", "k1\\u0000", "|whoami"] {
            #expect(scene.answer(try scene.key.token(kid: kid)) == "key-unknown")
        }
        for member in [
            "\"jku\":\"https://169.254.169.254/\"", "\"x5u\":\"file:///etc/passwd\"", "\"jwk\":\(stranger.jwk())", "\"x5c\":[]",
        ] {
            let token = try stranger.token(header: "{\"alg\":\"ES256\",\"kid\":\"k1\",\(member)}", payload: Claims().json)
            #expect(scene.answer(token) == "signature-invalid")
        }
    }

    @Test func `3.11 explicit typing: JWT and at+jwt are accepted`() throws {
        let scene = try Scene()
        for type in ["JWT", "at+jwt"] {
            let token = try scene.key.token(header: "{\"alg\":\"ES256\",\"typ\":\"\(type)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "accepted")
        }
    }

    @Test func `3.11 explicit typing: tokens of another type are refused`() throws {
        let scene = try Scene()
        for type in ["logout+jwt", "secevent+jwt", "dpop+jwt", "oauth-authz-req+jwt", "application/token-introspection+jwt"] {
            let token = try scene.key.token(header: "{\"alg\":\"ES256\",\"typ\":\"\(type)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "type-not-allowed")
        }
    }

    @Test func `3.12 kinds of JWTs: an access token for this service is accepted`() throws {
        let scene = try Scene()
        let token = try scene.key.token(
            header: "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", payload: Claims().with("client_id", "\"app\"").json)
        #expect(scene.answer(token) == "accepted")
    }

    @Test func `3.12 kinds of JWTs: the same issuer's ID token and logout token are refused`() throws {
        let scene = try Scene()
        // The audience of an ID token is the client, not the service (OpenID Connect Core section 2).
        #expect(try scene.answer(Claims().with("aud", "\"app\"").with("nonce", "\"n\"")) == "audience-mismatch")
        let logout = Claims().with("events", "{\"http://schemas.openid.net/event/backchannel-logout\":{}}").without("exp")
        #expect(try scene.answer(logout) == "expiration-missing")
    }
}
