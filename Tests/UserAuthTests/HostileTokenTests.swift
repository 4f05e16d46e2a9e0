// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct HostileTokenTests {
    @Test(arguments: ["\\u0000", "\\r\\n", "\\u2028", "\\ufffd"])
    func `NUL and CRLF in any string of a token do no harm`(text: String) throws {
        let scene = try Scene(tenant: .claim("org"))
        let claims = Claims().with("org", "\"acme\"")
        let expected = [
            "iss": "issuer-unknown", "aud": "audience-mismatch", "exp": "expiration-malformed", "nbf": "not-before-malformed",
            "iat": "issued-at-malformed", "sub": "accepted", "org": "accepted", "scope": "accepted", "scp": "accepted",
            "jti": "accepted",
        ]
        for (name, answer) in expected {
            #expect(try scene.answer(claims.with(name, "\"\(text)\"")) == answer, "\(name)")
        }
        let headers = ["alg": "algorithm-unsupported", "typ": "type-not-allowed", "kid": "key-unknown", "x": "accepted"]
        for (name, answer) in headers {
            let algorithm = name == "alg" ? "" : "\"alg\":\"ES256\","
            #expect(
                scene.answer(try scene.key.token(header: "{\(algorithm)\"\(name)\":\"\(text)\"}", payload: claims.json))
                    == answer, "\(name)")
        }
    }

    @Test func `values of every JSON type in every claim do no harm`() throws {
        let scene = try Scene(tenant: .claim("org"))
        let values = [
            "null", "true", "0", "-0.0", "1e400", "\"\"", "[]", "[[]]", "{}", "[1]", "[null]", "{\"a\":[]}", "\"\\ud83d\\ude00\"",
        ]
        for name in ["iss", "aud", "exp", "nbf", "iat", "sub", "org", "scope", "scp", "jti"] {
            for value in values {
                _ = try scene.answer(Claims().with("org", "\"acme\"").with(name, value))
            }
        }
        for name in ["alg", "typ", "kid", "crit", "b64", "jku", "jwk", "x5u", "x5c", "cty", "zip", "enc"] {
            for value in values {
                let algorithm = name == "alg" ? "" : "\"alg\":\"ES256\","
                _ = scene.answer(try scene.key.token(header: "{\(algorithm)\"\(name)\":\(value)}", payload: Claims().json))
            }
        }
    }

    @Test func `of 20,000 tokens with changed bytes none is accepted`() throws {
        let scene = try Scene(key: .ed25519(), cacheCapacity: 100)
        let token = Array(try scene.key.token().utf8)
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var changed = token
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<changed.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: changed.remove(at: index)
                case 1: changed.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                case 2: changed.replaceSubrange(index..., with: changed[index...].reversed())
                default: changed[index] = UInt8.random(in: 0x2D...0x7A, using: &generator)
                }
            }
            guard changed != token else { continue }
            // A NUL or a space at the front belongs to the header, not to the token.
            let answer = scene.answer(String(decoding: changed, as: UTF8.self))
            #expect(answer != "accepted" || changed.drop { $0 == UInt8(ascii: " ") } == token[...])
        }
        #expect(scene.answer(String(decoding: token, as: UTF8.self)) == "accepted")
        #expect(scene.authenticator.cacheStatistics.entries == 1)
    }

    @Test func `correctly signed tokens with random headers and claims do no harm`() throws {
        let scene = try Scene(key: .ed25519())
        var generator = SystemRandomNumberGenerator()
        let fragments = [
            "{", "}", "[", "]", ":", ",", "\"", "\"alg\"", "\"EdDSA\"", "\"kid\"", "\"k1\"", "\"iss\"", "\"https://id.example\"",
            "\"aud\"", "\"uploads\"",
            "\"exp\"", "1e308", "-", "0", "1800000600", "null", "true", "\\", "\\u", "\\ud800", "\u{0}", "é", " ", "\n", ".", "e",
            "E+",
        ]
        func text() -> String {
            (0..<Int.random(in: 0...20, using: &generator)).map { _ in fragments.randomElement(using: &generator) ?? "" }.joined()
        }
        for _ in 0..<5000 {
            let header = Bool.random(using: &generator) ? "{\"alg\":\"EdDSA\"}" : text()
            let payload = Bool.random(using: &generator) ? String(Claims().json.dropLast()) + text() + "}" : text()
            _ = scene.answer(try scene.key.token(header: header, payload: payload))
        }
    }

    @Test func `random bytes in the header do no harm`() throws {
        let scene = try Scene()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(scene.authenticator.answer(values: [text]) != "accepted")
            #expect(scene.answer(text) != "accepted")
            #expect(scene.answer("pstn." + text) != "accepted")
        }
    }
}
