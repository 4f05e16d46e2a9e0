// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A message digest of libcrypto, under libcrypto's name.
package enum DigestAlgorithm: String, Sendable {
    /// For S3's ETag only.
    case md5 = "MD5"
    /// For HMAC in SigV2 only.
    case sha1 = "SHA1"
    case sha256 = "SHA256"
    case sha384 = "SHA384"
    case sha512 = "SHA512"

    /// The length of a digest in bytes.
    package var size: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    /// Whether libcrypto has it: a provider may forbid some digests, and a broken configuration has none.
    package var isAvailable: Bool { implementation != nil }

    /// Computes the digest of bytes.
    /// - Parameter digest: has room for ``size`` bytes
    /// - Returns: false if libcrypto has no such digest, e.g. because a provider forbids it
    package func hash(_ bytes: UnsafeRawBufferPointer, into digest: UnsafeMutableRawBufferPointer) -> Bool {
        guard digest.count >= size, let output = digest.baseAddress else { return false }
        return EVP_Digest(
            bytes.baseAddress, bytes.count, output.assumingMemoryBound(to: UInt8.self), nil, implementation, nil) == 1
    }

    /// Computes the digest of bytes. Traps if libcrypto has no such digest; check ``isAvailable`` first.
    package func hash(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: size)
        let isComputed = digest.withUnsafeMutableBytes { output in
            bytes.withContiguousStorageIfAvailable { hash(UnsafeRawBufferPointer($0), into: output) }
                ?? Array(bytes).withUnsafeBytes { hash($0, into: output) }
        }
        precondition(isComputed, "libcrypto has no \(rawValue)")
        return digest
    }

    /// Fetched once: a fetch costs more than the digest of a token. Nil if no provider has it.
    package var implementation: OpaquePointer? {
        switch self {
        case .md5: FetchedDigest.md5.pointer
        case .sha1: FetchedDigest.sha1.pointer
        case .sha256: FetchedDigest.sha256.pointer
        case .sha384: FetchedDigest.sha384.pointer
        case .sha512: FetchedDigest.sha512.pointer
        }
    }
}

/// A digest of libcrypto's default context. It is immutable, and libcrypto counts references to it atomically.
private final class FetchedDigest: @unchecked Sendable {
    static let md5 = FetchedDigest(.md5)
    static let sha1 = FetchedDigest(.sha1)
    static let sha256 = FetchedDigest(.sha256)
    static let sha384 = FetchedDigest(.sha384)
    static let sha512 = FetchedDigest(.sha512)

    let pointer: OpaquePointer?

    private init(_ algorithm: DigestAlgorithm) {
        pointer = EVP_MD_fetch(nil, algorithm.rawValue, nil)
    }

    deinit {
        EVP_MD_free(pointer)
    }
}
