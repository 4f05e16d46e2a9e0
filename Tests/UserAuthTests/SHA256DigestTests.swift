// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UserAuth

struct SHA256DigestTests {
    static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        DigestAlgorithm.sha256.hash(bytes)
    }

    @Test(arguments: [0, 1, 55, 64, 700])
    func `hashing bytes and reading their digest yield the same words`(length: Int) {
        let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        #expect(SHA256Digest(hashing: bytes) == SHA256Digest(Self.sha256(bytes)))
    }

    @Test func `digests are equal only if every bit is`() throws {
        let digest = Self.sha256([])
        let words = try #require(SHA256Digest(digest))
        #expect(words.equalsInConstantTime(words))
        for bit in 0..<256 {
            var other = digest
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(try !words.equalsInConstantTime(#require(SHA256Digest(other))))
        }
        #expect(SHA256Digest(Array(digest.dropLast())) == nil)
        #expect(SHA256Digest(digest + [0]) == nil)
    }
}
