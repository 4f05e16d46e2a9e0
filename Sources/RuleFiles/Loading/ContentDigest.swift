// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// SHA-256 of names and contents, each with its length in front, so that no two sets of files read alike.
///
/// Takes one file after another: the contents need not be kept until all are there.
struct ContentDigest: ~Copyable {
    private var digest = RunningDigest(.sha256)

    mutating func add(name: String, bytes: [UInt8]) {
        add(Array(name.utf8))
        add(bytes)
    }

    private mutating func add(_ bytes: [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { digest.update($0) }
        bytes.withUnsafeBytes { digest.update($0) }
    }

    /// In hex, of all that was added.
    mutating func hex() -> String {
        digest.finish().hexadecimal
    }
}
