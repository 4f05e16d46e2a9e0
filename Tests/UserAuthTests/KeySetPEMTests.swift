// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct KeySetPEMTests {
    private static let all = Algorithm.allCases.filter { !$0.isSymmetric }

    private func set(_ text: String, _ algorithms: [Algorithm] = all) throws -> KeySet {
        try KeySet(pem: Array(text.utf8), algorithms: algorithms)
    }

    @Test func `a public key of every kind verifies tokens with any kid`() throws {
        let rsa = try #require(try RSATestKey.first.pair().publicPEM)
        let set = try set(rsa, [.rs256, .ps256])
        for algorithm: Algorithm in [.rs256, .ps256] {
            let key = try SigningKey.rsa(.first, algorithm)
            for kid in [nil, "k1", "any"] {
                #expect((try? set.verify(Array(key.token(kid: kid).utf8), algorithms: Self.all)) != nil)
            }
        }
    }

    @Test func `the keys of PEM blocks are the encoded ones`() throws {
        func point(_ material: KeyMaterial?) -> [UInt8]? {
            switch material {
            case .elliptic(_, let x, let y): x + y
            case .ed25519(let point): point
            default: nil
            }
        }
        for algorithm: Algorithm in [.es256, .es384, .es512, .eddsa] {
            let signer = try #require(TokenSigner.generate(algorithm))
            let text = try #require(signer.publicPEM)
            let block = try #require(try PEMBlock.blocks(in: Array(text.utf8)).first)
            #expect(try point(block.material()) == point(signer.publicMaterial))
            #expect(point(signer.publicMaterial) != nil)
        }
    }

    @Test func `a certificate yields its key`() throws {
        let elliptic = try #require(try PEMBlock.blocks(in: Array(PEMTestFile.p256Certificate.utf8)).first)
        guard case .elliptic(.p256, let x, _) = try elliptic.material() else { return #expect(Bool(false)) }
        #expect(x.starts(with: [0xff, 0x14, 0xe2, 0xe6, 0x69, 0x1b, 0xb8, 0xa5]))
        let rsa = try #require(try PEMBlock.blocks(in: Array(PEMTestFile.rsaCertificate.utf8)).first)
        guard case .rsa(let modulus, let exponent) = try rsa.material() else { return #expect(Bool(false)) }
        #expect(modulus.count == 256)
        #expect(modulus.starts(with: [0xee, 0x98, 0x8f, 0x15, 0x05, 0x33, 0x50, 0x4b]))
        #expect(exponent == [1, 0, 1])
    }

    @Test func `several keys are distinguished by their kid lines, or by their thumbprints`() throws {
        let named = try #require(TokenSigner.generate(.es256)?.publicPEM)
        let signer = try #require(TokenSigner.generate(.es256))
        let unnamed = try #require(signer.publicPEM)
        let text = """
             \u{20}
            The key of 2026
            kid: 2026-a\u{20}
            \(named)

            \(unnamed)
            """
        for lineEnd in ["\n", "\r\n", "\r"] {
            let set = try set(text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: lineEnd))
            let thumbprint = try #require(signer.publicMaterial).thumbprint
            #expect(set.keyIDs == ["2026-a", Base64URL.encode(thumbprint)])
            #expect(set.skipped.isEmpty)
        }
    }

    @Test(arguments: skippedBlocks)
    func `an unusable block is skipped with its reason`(text: String, reason: SkippedKey.Reason) throws {
        let good = try #require(TokenSigner.generate(.es256)?.publicPEM)
        let set = try set(good + "\n" + text)
        #expect(set.skipped.map(\.reason) == [reason])
        #expect(set.keyIDs.count == 1)
    }

    private static let skippedBlocks: [(String, SkippedKey.Reason)] = [
        (PEMTestFile.rsa1024, .rsaSize),
        (PEMTestFile.secp256k1, .rejected),
        (PEMTestFile.ed25519Certificate, .certificateUnsupported),
        ("-----BEGIN PUBLIC KEY-----\n####\n-----END PUBLIC KEY-----", .rejected),
        ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", .rejected),
        ("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----", .labelUnsupported),
        ("kid: \(String(repeating: "k", count: 129))\n" + PEMTestFile.p256Certificate, .idMalformed),
    ]

    @Test(arguments: ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"])
    func `a private key is refused with advice, wherever it is`(label: String) throws {
        let text = PEMTestFile.p256Certificate + "\n-----BEGIN \(label)-----\nAAAA\n-----END \(label)-----\n"
        let error = #expect(throws: KeySetError.self) { try set(text) }
        #expect(error?.description.contains("openssl pkey -in private.pem -pubout") == true)
    }

    @Test(arguments: [
        "", "{\"keys\":[]}", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END CERTIFICATE-----",
        "-----END PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----\n-----BEGIN PUBLIC KEY-----\nAAAA",
    ])
    func `a file that is not PEM is refused`(text: String) {
        let error = #expect(throws: KeySetError.self) { try set(text) }
        #expect(error?.description.hasPrefix("it is not PEM") == true)
    }

    @Test func `repeated kids, too many blocks, symmetric algorithms and no algorithm are refused`() {
        let block = "kid: a\n" + PEMTestFile.p256Certificate + "\n"
        #expect(throws: KeySetError.self) { try set(block + block) }
        #expect(throws: KeySetError.self) { try set(String(repeating: block, count: 65)) }
        #expect(throws: KeySetError.self) { try set(block, [.hs256, .es256]) }
        #expect(throws: KeySetError.self) { try set(block, []) }
        #expect(throws: KeySetError.self) { try set(block, [.rs256]) }
        #expect(throws: KeySetError.self) { try set(block + String(repeating: " ", count: 256 * 1024)) }
    }

    @Test func `files with changed bytes do no harm`() {
        var generator = SystemRandomNumberGenerator()
        for file in [PEMTestFile.p256Certificate, PEMTestFile.rsaCertificate, PEMTestFile.rsa1024] {
            for _ in 0..<300 {
                var bytes = Array(file.utf8)
                for _ in 0..<Int.random(in: 1...3, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
                _ = try? KeySet(pem: bytes, algorithms: Self.all)
            }
        }
    }
}
