// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// SHA-256 of files.
enum ContentDigest {
    /// Of names and contents, each with its length in front, so that no two sets of files read alike. In hex.
    static func hex(_ files: [(name: String, bytes: [UInt8])]) -> String {
        var input: [UInt8] = []
        for file in files {
            append(Array(file.name.utf8), to: &input)
            append(file.bytes, to: &input)
        }
        return HexDigest.text(DigestAlgorithm.sha256.hash(input))
    }

    private static func append(_ bytes: [UInt8], to input: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) {
            input.append(UInt8(truncatingIfNeeded: bytes.count >> shift))
        }
        input += bytes
    }
}
