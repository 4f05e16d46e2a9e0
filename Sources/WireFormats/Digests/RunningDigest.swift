// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A digest of bytes that arrive piece by piece.
package struct RunningDigest: ~Copyable {
    private let context: OpaquePointer?
    private let algorithm: DigestAlgorithm

    /// Traps where libcrypto has no such digest.
    package init(_ algorithm: DigestAlgorithm) {
        self.algorithm = algorithm
        context = EVP_MD_CTX_new()
        precondition(EVP_DigestInit_ex2(context, algorithm.implementation, nil) == 1, "libcrypto has no \(algorithm.rawValue)")
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Takes the next piece.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest of all pieces. Call it once, after the last.
    package mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.size)
        EVP_DigestFinal_ex(context, &digest, nil)
        return digest
    }
}
