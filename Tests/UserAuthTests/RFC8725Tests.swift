// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

/// JSON Web Token Best Current Practices (RFC 8725), section 3: for each recommendation what is accepted and what is refused.
@Suite("RFC 8725 section 3")
struct RFC8725Tests {
    @Test("3.1 Perform Algorithm Verification: the issuer's algorithm is accepted")
    func algorithmAccepted() throws {
        let scene = try Scene(key: try .rsa(.first, .ps256))
        #expect(try scene.answer(Claims()) == "accepted")
    }

    @Test("3.1 Perform Algorithm Verification: another one is refused, though the key could serve it")
    func algorithmRefused() throws {
        let scene = try Scene(key: try .rsa(.first, .ps256))
        let other = try SigningKey.rsa(.first, .rs256)
        #expect(scene.answer(try other.token()) == "algorithm-not-allowed")
    }

    @Test("3.2 Use Appropriate Algorithms: those in use today are accepted")
    func appropriateAccepted() throws {
        for key in try SigningKey.asymmetric() {
            #expect(try Scene(key: key).answer(Claims()) == "accepted")
        }
    }

    @Test("3.2 Use Appropriate Algorithms: none, and names that are no signature algorithm, are refused")
    func appropriateRefused() throws {
        let scene = try Scene()
        for name in ["none", "RSA1_5", "RSA-OAEP", "dir", "A128KW", "RS1", "HS1", "ES256K"] {
            let token = try scene.key.token(header: "{\"alg\":\"\(name)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "algorithm-unsupported")
            #expect(Algorithm(named: name) == nil)
        }
    }

    @Test("3.3 Validate All Cryptographic Operations: a right signature is accepted")
    func operationsAccepted() throws {
        let scene = try Scene(key: .ed25519())
        #expect(try scene.answer(Claims()) == "accepted")
    }

    @Test("3.3 Validate All Cryptographic Operations: a wrong one is refused; a nested token inside a right one is not read")
    func operationsRefused() throws {
        let scene = try Scene()
        let (stranger, inner) = (SigningKey.es256(), try scene.key.token())
        #expect(scene.answer(try stranger.token()) == "signature-invalid")
        let nested = try scene.key.token(header: "{\"alg\":\"ES256\",\"cty\":\"JWT\"}", payload: inner)
        #expect(scene.answer(nested) == "claims-malformed")
    }

    @Test("3.4 Validate Cryptographic Inputs: a point on its curve is accepted as a key")
    func inputsAccepted() throws {
        for key in [SigningKey.es256(), .es384(), .es512(), .ed25519()] {
            let set = try KeySet.jwks(Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [key.algorithm])
            #expect(set.keyIDs == ["k1"])
        }
    }

    @Test("3.4 Validate Cryptographic Inputs: a point off its curve, at infinity or of small order is refused")
    func inputsRefused() throws {
        let (zero, one) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 31) + [1])
        let keys = [
            "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Base64URL.encode(one))\",\"y\":\"\(Base64URL.encode(one))\"",
            "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"\(Base64URL.encode(zero))\",\"y\":\"\(Base64URL.encode(zero))\"",
            "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"\(Base64URL.encode(zero))\"",
        ]
        for key in keys {
            #expect(throws: KeySetError.self) {
                try KeySet.jwks(Array("{\"keys\":[{\(key)}]}".utf8), algorithms: [.es256, .eddsa])
            }
        }
    }

    @Test(
        "3.5 Ensure Cryptographic Keys Have Sufficient Entropy: a secret as long as the hash, an RSA key of 2048 bits are accepted"
    )
    func entropyAccepted() throws {
        let secret = [UInt8](repeating: 0x5A, count: 32)
        for file in [secret, Array("{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode(secret))\"}".utf8)] {
            let scene = Scene(
                key: .hmac(.hs256, secret: secret), keys: try .secret(file, algorithms: [.hs256]), algorithms: [.hs256])
            #expect(try scene.answer(Claims()) == "accepted")
        }
        #expect(try Scene(key: try .rsa(.second)).answer(Claims()) == "accepted")
    }

    @Test("3.5 Ensure Cryptographic Keys Have Sufficient Entropy: shorter ones, and what a broken generator made, are refused")
    func entropyRefused() {
        #expect(throws: KeySetError.self) {
            try KeySet.secret(Array("correct horse battery staple".utf8), algorithms: [.hs256])
        }
        #expect(throws: KeySetError.self) {
            try KeySet.pem(Array(PEMTestFile.rsa1024.utf8), algorithms: [.rs256])
        }
        let short = "{\"kty\":\"oct\",\"k\":\"\(Base64URL.encode([UInt8](repeating: 0x5A, count: 31)))\"}"
        for file in [short, "{\"keys\":[\(short)]}"] {
            let error = #expect(throws: KeySetError.self) {
                try KeySet.secret(Array(file.utf8), algorithms: [.hs256])
            }
            #expect(error?.skipped.map(\.reason) == [.secretTooShort])
        }
        let broken = #expect(throws: KeySetError.self) {
            try KeySet.pem(Array(PEMTestFile.brokenGenerator.utf8), algorithms: [.rs256])
        }
        #expect(broken?.skipped.map(\.reason) == [.rsaWeak])
    }

    @Test("3.6 Avoid Compression of Encryption Inputs: tokens are signed, not encrypted, and are accepted as such")
    func compressionAccepted() throws {
        #expect(try Scene().answer(Claims()) == "accepted")
    }

    @Test("3.6 Avoid Compression of Encryption Inputs: an encrypted token, compressed or not, is refused")
    func compressionRefused() throws {
        let scene = try Scene()
        for header in ["{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"zip\":\"DEF\"}", "{\"alg\":\"ES256\",\"enc\":\"A256GCM\"}"] {
            let parts = [header, "", "iv", "ciphertext", "tag"].map { Base64URL.encode($0.utf8) }
            #expect(scene.answer(parts.joined(separator: ".")) == "token-malformed")
        }
    }

    @Test("3.7 Use UTF-8: claims in UTF-8 are accepted and kept byte for byte")
    func unicodeAccepted() throws {
        let scene = try Scene()
        for name in ["Zoë", "Zoe\u{308}", "用户", "😀"] {
            let token = try scene.key.token(Claims().with("sub", "\"\(name)\""))
            let principal = try scene.authenticator.authenticate(authorization: ["Bearer \(token)"], at: .now())
            #expect(principal.user.map { Array($0.utf8) } == Array(name.utf8))
        }
    }

    @Test("3.7 Use UTF-8: other encodings are refused")
    func unicodeRefused() throws {
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

    @Test("3.8 Validate Issuer and Subject: the issuer's own key and a subject are accepted")
    func issuerAccepted() throws {
        #expect(try Scene().answer(Claims()) == "accepted")
    }

    @Test("3.8 Validate Issuer and Subject: an issuer whose key it is not, and a missing subject, are refused")
    func issuerRefused() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().with("iss", "\"https://other.example\"")) == "issuer-unknown")
        #expect(try scene.answer(Claims().without("iss")) == "issuer-missing")
        #expect(try scene.answer(Claims().without("sub")) == "user-missing")
    }

    @Test("3.9 Use and Validate Audience: a token for this service is accepted")
    func audienceAccepted() throws {
        #expect(try Scene().answer(Claims().with("aud", "[\"other\",\"uploads\"]")) == "accepted")
    }

    @Test("3.9 Use and Validate Audience: a token for another service, or for none, is refused")
    func audienceRefused() throws {
        let scene = try Scene()
        #expect(try scene.answer(Claims().with("aud", "\"other\"")) == "audience-mismatch")
        #expect(try scene.answer(Claims().without("aud")) == "audience-missing")
    }

    @Test("3.10 Do Not Trust Received Claims: kid only finds a key in the issuer's set")
    func receivedAccepted() throws {
        let scene = try Scene()
        #expect(scene.answer(try scene.key.token(kid: "k1")) == "accepted")
    }

    @Test("3.10 Do Not Trust Received Claims: kid is no query, and jku, x5u, jwk and x5c bring no keys")
    func receivedRefused() throws {
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

    @Test("3.11 Use Explicit Typing: JWT and at+jwt are accepted")
    func typingAccepted() throws {
        let scene = try Scene()
        for type in ["JWT", "at+jwt"] {
            let token = try scene.key.token(header: "{\"alg\":\"ES256\",\"typ\":\"\(type)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "accepted")
        }
    }

    @Test("3.11 Use Explicit Typing: tokens of another explicit type are refused")
    func typingRefused() throws {
        let scene = try Scene()
        for type in ["logout+jwt", "secevent+jwt", "dpop+jwt", "oauth-authz-req+jwt", "application/token-introspection+jwt"] {
            let token = try scene.key.token(header: "{\"alg\":\"ES256\",\"typ\":\"\(type)\"}", payload: Claims().json)
            #expect(scene.answer(token) == "type-not-allowed")
        }
    }

    @Test(
        "3.12 Use Mutually Exclusive Validation Rules for Different Kinds of JWTs: an access token for this service is accepted")
    func kindsAccepted() throws {
        let scene = try Scene()
        let token = try scene.key.token(
            header: "{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", payload: Claims().with("client_id", "\"app\"").json)
        #expect(scene.answer(token) == "accepted")
    }

    @Test(
        "3.12 Use Mutually Exclusive Validation Rules for Different Kinds of JWTs: the same issuer's ID token and logout token are refused"
    )
    func kindsRefused() throws {
        let scene = try Scene()
        // The audience of an ID token is the client, not the service (OpenID Connect Core section 2).
        #expect(try scene.answer(Claims().with("aud", "\"app\"").with("nonce", "\"n\"")) == "audience-mismatch")
        let logout = Claims().with("events", "{\"http://schemas.openid.net/event/backchannel-logout\":{}}").without("exp")
        #expect(try scene.answer(logout) == "expiration-missing")
    }
}
