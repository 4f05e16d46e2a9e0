// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct TokenDigestTests {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        DigestAlgorithm.sha256.hash(bytes)
    }

    @Test(arguments: [0, 1, 55, 64, 700])
    func `hashing bytes and reading their digest yield the same words`(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        #expect(TokenDigest(hashing: bytes) == TokenDigest(Self.sha256(bytes)))
    }

    @Test func `digests are equal only if every bit is`() throws {
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
