// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A SHA-256 digest as four words: compared, hashed and copied without an allocation.
struct TokenDigest: Sendable, Hashable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    /// Hashes bytes.
    init(hashing bytes: UnsafeRawBufferPointer) {
        self = withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.sha256.size, alignment: 8) { digest in
            // Without a digest different tokens would share an entry of the cache.
            precondition(DigestAlgorithm.sha256.hash(bytes, into: digest), "libcrypto has no SHA-256")
            return TokenDigest(loading: UnsafeRawBufferPointer(digest))
        }
    }

    /// Hashes bytes.
    init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { TokenDigest(hashing: $0) }
    }

    /// Takes a digest of 32 bytes as it is; nil where there are not 32.
    init?(_ digest: [UInt8]) {
        guard digest.count == DigestAlgorithm.sha256.size else { return nil }
        self = digest.withUnsafeBytes { TokenDigest(loading: $0) }
    }

    /// Needs 32 bytes.
    private init(loading bytes: UnsafeRawBufferPointer) {
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// Compares in a time that does not tell where the digests differ.
    func equalsInConstantTime(_ other: TokenDigest) -> Bool {
        (first ^ other.first) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth) == 0
    }
}
