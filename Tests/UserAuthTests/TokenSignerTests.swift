// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

/// What a JWK of RFC 8037, appendix A.1 signs, and other keys that libcrypto reads.
struct TokenSignerTests {
    private static let made: [Algorithm] = [.es256, .es384, .es512, .eddsa, .ed25519]

    @Test(arguments: made)
    func `a generated key signs what its public key verifies`(_ algorithm: Algorithm) throws {
        let signer = try #require(TokenSigner.generate(algorithm))
        #expect(signer.algorithm == algorithm)
        let set = try KeySet(pem: Array(try #require(signer.publicPEM).utf8), algorithms: [algorithm])
        // ECDSA signatures vary: some have numbers with leading zeros.
        for number in 0..<200 {
            let token = try #require(signer.token(payload: Array("{\"n\":\(number)}".utf8), keyID: nil))
            #expect(try set.verify(Array(token.utf8), algorithms: [algorithm]) == Array("{\"n\":\(number)}".utf8))
        }
    }

    @Test(arguments: made)
    func `a key can be read back from its PEM`(_ algorithm: Algorithm) throws {
        let signer = try #require(TokenSigner.generate(algorithm))
        let pem = try #require(signer.privatePEM)
        #expect(pem.hasPrefix("-----BEGIN PRIVATE KEY-----\n") && pem.hasSuffix("-----END PRIVATE KEY-----\n"))
        let again = try #require(TokenSigner(pem: pem, algorithm: algorithm))
        #expect(again.publicPEM == signer.publicPEM)
        let own = try #require(TokenSigner(pem: pem, algorithm: nil))
        #expect(own.algorithm == (algorithm == .ed25519 ? .eddsa : algorithm))
        #expect(TokenSigner(pem: pem, algorithm: .rs256) == nil)
        #expect(TokenSigner(pem: pem, algorithm: .hs256) == nil)
    }

    @Test func `RSA signs with the given algorithm, by default RS256`() throws {
        let pem = PEMTestFile.rsaPrivateKey
        let signer = try #require(TokenSigner(pem: pem, algorithm: nil))
        #expect(signer.algorithm == .rs256)
        #expect(TokenSigner(pem: PEMTestFile.rsaPrivateKeyPKCS1, algorithm: nil)?.publicPEM == signer.publicPEM)
        #expect(signer.privatePEM == pem + "\n")
        for algorithm: Algorithm in [.rs256, .rs384, .rs512, .ps256, .ps384, .ps512] {
            let signer = try #require(TokenSigner(pem: pem, algorithm: algorithm))
            let set = try KeySet(pem: Array(try #require(signer.publicPEM).utf8), algorithms: [algorithm])
            let token = try #require(signer.token(payload: Array("{}".utf8), keyID: "k"))
            #expect((try? set.verify(Array(token.utf8), algorithms: [algorithm])) != nil)
        }
        #expect(TokenSigner(pem: pem, algorithm: .es256) == nil)
    }

    @Test func `an elliptic curve key is read after its parameters`() throws {
        let signer = try #require(TokenSigner(pem: PEMTestFile.ellipticPrivateKey, algorithm: nil))
        #expect(signer.algorithm == .es256)
    }

    @Test func `the signature of RFC 8037 appendix A.4 is made and verified`() throws {
        let pem = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
            -----END PRIVATE KEY-----
            """
        let signer = try #require(TokenSigner(pem: pem, algorithm: .eddsa))
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        let made = try #require(signer.signature(of: Array(input.utf8)))
        #expect(Base64URL.encode(made) == signature)
        guard case .ed25519(let point)? = signer.publicMaterial else { return #expect(Bool(false)) }
        #expect(Base64URL.encode(point) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
    }

    @Test(arguments: [
        "", "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        // openssl genpkey -algorithm ed25519 -aes256 -pass pass:secret
        """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAho2Mf/b3ITDAICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEGMwWsr2hrSg6doRqeg+gYYEQFg1
        lF4q5jnjJwSP25cJ+iu9iK8NwKFI+ByTBbcj8SsXhFkkqlEGc4j1HPiohLCGYQYi
        rwD8XhgK8RXwje6DOCg=
        -----END ENCRYPTED PRIVATE KEY-----
        """,
    ])
    func `an unusable private key is refused, and no passphrase is asked for`(pem: String) {
        #expect(TokenSigner(pem: pem, algorithm: nil) == nil)
    }

    @Test(arguments: [(Algorithm.hs256, 32), (.hs384, 48), (.hs512, 64)])
    func `a secret must be as long as the algorithm's hash`(algorithm: Algorithm, minimum: Int) throws {
        let secret = [UInt8](repeating: 5, count: minimum)
        let signer = try #require(TokenSigner(secret: secret, algorithm: algorithm))
        let token = try #require(signer.token(payload: Array("{}".utf8), keyID: nil))
        #expect((try? KeySet(secret: secret, algorithms: [algorithm]).verify(Array(token.utf8), algorithms: [algorithm])) != nil)
        #expect(TokenSigner(secret: Array(secret.dropLast()), algorithm: algorithm) == nil)
        #expect(TokenSigner(secret: [UInt8](repeating: 5, count: 64), algorithm: .rs256) == nil)
        #expect(signer.privatePEM == nil && signer.publicPEM == nil)
    }
}

struct AsymmetricKeyTests {
    @Test func `a point off its curve, or of another curve, is refused`() throws {
        guard case .elliptic(_, let x, let y)? = TokenSigner.generate(.es256)?.publicMaterial else { return #expect(Bool(false)) }
        #expect(AsymmetricKey(.elliptic(.p256, x: x, y: y)) != nil)
        #expect(AsymmetricKey(.elliptic(.p256, x: y, y: x)) == nil)
        var wrong = y
        wrong[31] ^= 1
        #expect(AsymmetricKey(.elliptic(.p256, x: x, y: wrong)) == nil)
        #expect(AsymmetricKey(.elliptic(.p256, x: [UInt8](repeating: 0, count: 32), y: [UInt8](repeating: 0, count: 32))) == nil)
        let pad = [UInt8](repeating: 0, count: 16)
        #expect(AsymmetricKey(.elliptic(.p384, x: pad + x, y: pad + y)) == nil)
        // p + x: the same number modulo p, but no coordinate.
        #expect(AsymmetricKey(.elliptic(.p256, x: [UInt8](repeating: 0xff, count: 32), y: y)) == nil)
    }

    @Test func `a key has its type and numbers`() throws {
        let rsa = try RSATestKey.first.pair()
        #expect(rsa.type == .rsa)
        guard case .rsa(let modulus, let exponent) = try rsa.material() else { return #expect(Bool(false)) }
        #expect(Base64URL.encode(modulus) == RSATestKey.first.modulus && exponent == [1, 0, 1])
        #expect(AsymmetricKey.generate(.p521)?.type == .elliptic(.p521))
        #expect(AsymmetricKey.generateEd25519()?.type == .ed25519)
        let foreign = try #require(AsymmetricKey(pem: PEMTestFile.secp256k1, .publicKey))
        #expect(foreign.type == nil)
    }
}

struct ECDSASignatureTests {
    @Test(arguments: [32, 48, 66])
    func `r and s are written in full length and read back`(_ halfLength: Int) throws {
        var random = SystemRandomNumberGenerator()
        for leadingZeros in 0..<halfLength {
            for half in 0..<2 {
                var bytes = (0..<2 * halfLength).map { _ in UInt8.random(in: 1...255, using: &random) }
                for index in 0..<leadingZeros { bytes[half * halfLength + index] = 0 }
                let der = try #require(ECDSASignature(concatenated: bytes, halfLength: halfLength)).der
                #expect(ECDSASignature(der: der)?.concatenated(halfLength: halfLength) == bytes)
            }
        }
        #expect(ECDSASignature(concatenated: [UInt8](repeating: 1, count: 2 * halfLength - 1), halfLength: halfLength) == nil)
        #expect(ECDSASignature(der: [0x30, 0x01]) == nil)
    }
}
