// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A SHA-256 digest as four words, so that comparing, hashing and copying it need no allocation.
package struct SHA256Digest: Sendable, Hashable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    /// Computes the digest of bytes.
    package init(hashing bytes: UnsafeRawBufferPointer) {
        self = withUnsafeTemporaryAllocation(byteCount: DigestAlgorithm.sha256.size, alignment: 8) { digest in
            // Without a digest, different tokens would share an entry of the cache.
            precondition(DigestAlgorithm.sha256.hash(bytes, into: digest), "libcrypto has no SHA-256")
            return SHA256Digest(loading: UnsafeRawBufferPointer(digest))
        }
    }

    /// Computes the digest of bytes.
    package init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
    }

    /// Creates a digest from its 32 bytes; nil for another number of bytes.
    init?(_ digest: [UInt8]) {
        guard digest.count == DigestAlgorithm.sha256.size else { return nil }
        self = digest.withUnsafeBytes { SHA256Digest(loading: $0) }
    }

    /// - Parameter bytes: at least 32.
    private init(loading bytes: UnsafeRawBufferPointer) {
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// Compares two digests in constant time.
    func equalsInConstantTime(_ other: SHA256Digest) -> Bool {
        (first ^ other.first) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth) == 0
    }
}
