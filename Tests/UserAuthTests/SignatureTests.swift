// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct SignatureTests {
    /// A scene with the given key, in the way that its algorithm needs.
    private func scene(_ key: SigningKey, secret: [UInt8] = []) throws -> Scene {
        guard key.algorithm.isSymmetric else { return try Scene(key: key) }
        let set = try KeySet(secret: secret, algorithms: [key.algorithm])
        return Scene(key: key, keys: set, algorithms: [key.algorithm])
    }

    @Test func `for every algorithm a token is accepted, and refused with any changed, cut or extended signature`() throws {
        let secret = [UInt8](repeating: 0xA5, count: 64)
        var keys = try SigningKey.asymmetric()
        keys += [.hs256, .hs384, .hs512].map { SigningKey.hmac($0, secret: secret) }
        #expect(Set(keys.map(\.algorithm)) == Set(Algorithm.allCases))
        for key in keys {
            let scene = try scene(key, secret: secret)
            let token = try key.token()
            #expect(scene.answer(token) == "accepted", "\(key.algorithm)")
            for changed in try Self.changed(token) {
                #expect(scene.answer(changed) == "signature-invalid", "\(key.algorithm)")
            }
        }
    }

    /// The token with its signature changed in every way.
    private static func changed(_ token: String) throws -> [String] {
        let dot = try #require(token.lastIndex(of: "."))
        let input = token[..<dot]
        let signature = try #require(Base64URL.decode(String(token[token.index(after: dot)...])))
        var signatures: [[UInt8]] = [
            [], [0], Array(signature.dropLast()), Array(signature.dropFirst()), signature + [0], [0] + signature,
        ]
        signatures += [signature + signature, signature.reversed(), [UInt8](repeating: 0, count: signature.count)]
        for index in stride(from: 0, to: signature.count * 8, by: 13) {
            var flipped = signature
            flipped[index / 8] ^= 1 << UInt8(index % 8)
            signatures.append(flipped)
        }
        return signatures.map { "\(input).\(Base64URL.encode($0))" }
    }

    @Test func `padding, standard base64, white space and stray bits are refused in any part`() throws {
        let scene = try Scene()
        // Two bytes more than a multiple of three leave stray bits: 64 bytes of signature have 86 characters.
        let token = try scene.key.token()
        let parts = token.split(separator: ".").map(String.init)
        for index in 0..<3 {
            let standard = parts[index].replacing("-", with: "+").replacing("_", with: "/")
            var changes = [
                parts[index] + "=", parts[index] + "==", parts[index] + "\n", parts[index] + " ", "", parts[index] + "A",
                "=" + parts[index],
            ]
            if standard != parts[index] { changes.append(standard) }
            for change in changes {
                var changed = parts
                changed[index] = change
                #expect(scene.answer(changed.joined(separator: ".")) != "accepted")
            }
        }
        let last = try #require(parts[2].utf8.last)
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8 where other != last {
            let changed = token.dropLast() + String(UnicodeScalar(other))
            #expect(["token-malformed", "signature-invalid"].contains(scene.answer(String(changed))))
        }
        #expect(scene.answer(token) == "accepted")
    }

    @Test func `a token has exactly three parts`() throws {
        let scene = try Scene()
        let token = try scene.key.token()
        let parts = token.split(separator: ".").map(String.init)
        let others = [
            "", ".", "..", "...", parts[0], "\(parts[0]).\(parts[1])", "\(token).", ".\(token)", "\(token).\(parts[2])",
            "\(parts[0])..\(parts[2])",
            "\(parts[0]).\(parts[1])..\(parts[2])", "\(token).a.b", token + token,
        ]
        for other in others {
            #expect(["token-malformed", "header-malformed", "claims-malformed"].contains(scene.answer(other)))
        }
    }

    @Test func `alg none is refused, with and without a signature`() throws {
        let scene = try Scene()
        for name in ["none", "None", "NONE", "nOnE", ""] {
            let token = try scene.key.token(header: "{\"alg\":\"\(name)\",\"kid\":\"k1\"}", payload: Claims().json)
            let unsigned = try token[..<(#require(token.lastIndex(of: ".")))]
            #expect(scene.answer(token) == "algorithm-unsupported")
            #expect(scene.answer("\(unsigned).") == "algorithm-unsupported")
        }
    }

    @Test func `an issuer's public key is never used as a secret, in whatever form it is tried`() throws {
        let key = try SigningKey.rsa(.first)
        let scene = try Scene(key: key)
        let pem = try #require(try RSATestKey.first.pair().publicPEM)
        let secrets = [
            Array(pem.utf8), Array((pem + "\n").utf8), Array(key.jwk().utf8), Base64URL.decode(RSATestKey.first.modulus) ?? [],
            Array(RSATestKey.first.modulus.utf8),
        ]
        for secret in secrets {
            for algorithm: Algorithm in [.hs256, .hs384, .hs512] {
                let forged = try SigningKey.hmac(algorithm, secret: secret).token()
                #expect(scene.answer(forged) == "algorithm-not-allowed")
                // Even were the algorithm listed by mistake, the key itself is fixed to RS256.
                let careless = Scene(key: key, keys: scene.keys.current, algorithms: [.rs256, .hs256, .hs384, .hs512])
                #expect(careless.answer(forged) == "key-mismatch")
            }
        }
    }

    @Test func `the header's alg never decides how a key is used`() throws {
        let key = try SigningKey.rsa(.first)
        let set = try KeySet(jwks: Array("{\"keys\":[\(key.jwk())]}".utf8), algorithms: [.rs256, .rs512, .ps256, .es256])
        let scene = Scene(key: key, keys: set, algorithms: [.rs256, .rs512, .ps256, .es256])
        for name in ["RS512", "PS256", "ES256"] {
            let token = try key.token(header: "{\"alg\":\"\(name)\",\"kid\":\"k1\"}", payload: Claims().json)
            #expect(scene.answer(token) == "key-mismatch")
        }
        #expect(scene.answer(try key.token()) == "accepted")
    }

    @Test func `a refused PS512 token does not change how an RSA key without alg is used`() throws {
        let key = try SigningKey.rsa(.first)
        let text = "{\"keys\":[\(key.jwk(alg: false))]}"
        for algorithms in [[Algorithm.rs256], [.rs256, .ps512]] {
            let set = try KeySet(jwks: Array(text.utf8), algorithms: algorithms)
            let scene = Scene(key: key, keys: set, algorithms: algorithms)
            let bogus = try key.token(header: "{\"alg\":\"PS512\",\"kid\":\"k1\"}", payload: Claims().json)
            for _ in 0..<3 {
                #expect(scene.answer(bogus) == (algorithms.count == 1 ? "algorithm-not-allowed" : "signature-invalid"))
                #expect(scene.answer(try key.token(Claims().with("jti", "\"x\""))) == "accepted")
            }
        }
    }

    @Test func `ECDSA signatures are r and s, not DER`() throws {
        let scene = try Scene()
        let token = try scene.key.token()
        let dot = try #require(token.lastIndex(of: "."))
        let signature = try #require(Base64URL.decode(String(token[token.index(after: dot)...])))
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            var value = Array(bytes.drop { $0 == 0 })
            if value.first.map({ $0 & 0x80 != 0 }) ?? true { value.insert(0, at: 0) }
            return [0x02, UInt8(value.count)] + value
        }
        let numbers = integer(signature[..<32]) + integer(signature[32...])
        let der = [0x30, UInt8(numbers.count)] + numbers
        #expect(scene.answer("\(token[..<dot]).\(Base64URL.encode(der))") == "signature-invalid")
    }

    @Test(arguments: [true, false])
    func `a signature of another key is refused`(sameKid: Bool) throws {
        let scene = try Scene()
        let stranger = SigningKey.es256()
        #expect(scene.answer(try stranger.token(kid: sameKid ? "k1" : nil)) == "signature-invalid")
    }
}
