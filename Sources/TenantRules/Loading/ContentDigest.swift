// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256, by libcrypto.
enum ContentDigest {
    /// Of names and contents, each with its length in front, so that no two sets of files read alike. In hex.
    static func hex(_ files: [(name: String, bytes: [UInt8])]) -> String {
        var input: [UInt8] = []
        for file in files {
            append(Array(file.name.utf8), to: &input)
            append(file.bytes, to: &input)
        }
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = EVP_Digest(input, input.count, &digest, &length, EVP_sha256(), nil)
        // libcrypto fails here only where its provider has no SHA-256 at all: then nothing can be signed either.
        return done == 1 ? HexDigest.text(digest.prefix(Int(length))) : ""
    }

    private static func append(_ bytes: [UInt8], to input: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            input.append(UInt8(truncatingIfNeeded: bytes.count >> shift))
        }
        input += bytes
    }
}
