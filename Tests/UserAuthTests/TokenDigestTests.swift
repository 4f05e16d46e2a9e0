// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

@Suite("Digests")
struct TokenDigestTests {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        DigestAlgorithm.sha256.hash(bytes)
    }

    @Test("hashing bytes and taking their digest give the same words", arguments: [0, 1, 55, 64, 700])
    func same(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        #expect(TokenDigest(hashing: bytes) == TokenDigest(Self.sha256(bytes)))
    }

    @Test("digests are equal only where every bit is")
    func constantTime() throws {
        let digest = Self.sha256([])
        let words = try #require(TokenDigest(digest))
        #expect(words.equalsInConstantTime(words))
        for bit in 0..<256 {
            var other = digest
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !words.equalsInConstantTime(#require(TokenDigest(other))))
        }
        #expect(TokenDigest(Array(digest.dropLast())) == nil)
        #expect(TokenDigest(digest + [0]) == nil)
    }
}
