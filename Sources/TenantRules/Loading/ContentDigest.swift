// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256, by libcrypto, of names and contents, each with its length in front, so that no two sets of files read alike.
///
/// Takes one file after another: the contents need not be kept until all are there.
struct ContentDigest: ~Copyable {
    private let context = EVP_MD_CTX_new()

    init() {
        EVP_DigestInit_ex(context, EVP_sha256(), nil)
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    func add(name: String, bytes: [UInt8]) {
        add(Array(name.utf8))
        add(bytes)
    }

    private func add(_ bytes: [UInt8]) {
        let length = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bytes.count >> $0) }
        EVP_DigestUpdate(context, length, length.count)
        EVP_DigestUpdate(context, bytes, bytes.count)
    }

    /// In hex, of all that was added.
    consuming func hex() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = EVP_DigestFinal_ex(context, &digest, &length)
        // libcrypto fails here only where its provider has no SHA-256 at all: then nothing can be signed either.
        return done == 1 ? HexDigest.text(digest.prefix(Int(length))) : ""
    }
}
