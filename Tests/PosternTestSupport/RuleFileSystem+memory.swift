// SPDX-License-Identifier: Apache-2.0

package import RuleFiles

extension RuleFileSystem {
    /// Returns a file system with only these files: path to text.
    package static func memory(_ files: [String: String]) -> RuleFileSystem {
        MemoryFileSystem(files).files
    }

    /// Returns a file system with only these files: path to bytes.
    package static func memory(bytes files: [String: [UInt8]]) -> RuleFileSystem {
        MemoryFileSystem(bytes: files).files
    }
}
