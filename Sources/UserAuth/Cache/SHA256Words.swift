// SPDX-License-Identifier: Apache-2.0

import Crypto

/// A SHA-256 digest as four words: compared, hashed and copied without an allocation.
struct SHA256Words: Sendable, Hashable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    /// Hashes bytes.
    init(hashing bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.init(loading: hasher.finalize())
    }

    /// Hashes bytes.
    init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { SHA256Words(hashing: $0) }
    }

    /// Takes a digest of 32 bytes as it is; nil where there are not 32.
    init?(_ digest: [UInt8]) {
        guard digest.count == SHA256.byteCount else { return nil }
        self = digest.withUnsafeBytes { SHA256Words(loading: $0) }
    }

    private init(loading digest: SHA256Digest) {
        self = digest.withUnsafeBytes { SHA256Words(loading: $0) }
    }

    /// Needs 32 bytes.
    private init(loading bytes: UnsafeRawBufferPointer) {
        first = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
        second = bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        third = bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
        fourth = bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
    }

    /// Compares in a time that does not tell where the digests differ.
    func equalsInConstantTime(_ other: SHA256Words) -> Bool {
        (first ^ other.first) | (second ^ other.second) | (third ^ other.third) | (fourth ^ other.fourth) == 0
    }
}
