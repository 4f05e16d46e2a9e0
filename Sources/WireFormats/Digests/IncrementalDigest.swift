// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL

/// A digest of bytes that arrive in pieces. Traps if libcrypto fails; check ``DigestAlgorithm/isAvailable`` first.
package struct IncrementalDigest: ~Copyable {
    private let context: OpaquePointer
    private let algorithm: DigestAlgorithm

    package init(_ algorithm: DigestAlgorithm) {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex2(context, algorithm.implementation, nil) == 1 else {
            preconditionFailure("libcrypto has no \(algorithm.rawValue)")
        }
        self.algorithm = algorithm
        self.context = context
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Adds the next piece.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1)
    }

    /// The digest of all pieces. Call it once, after the last.
    package mutating func finish() -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: algorithm.size)
        precondition(EVP_DigestFinal_ex(context, &digest, nil) == 1)
        return digest
    }
}
