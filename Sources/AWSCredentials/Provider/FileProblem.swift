// SPDX-License-Identifier: Apache-2.0

/// Why a file cannot be read.
package enum FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such file, or no such folder above it.
    case missing
    /// What is there is a device or a pipe.
    case notRegular
    /// It is there and cannot be read; a part of a sentence that says why.
    case unreadable(String)
    /// It is longer than is ever read.
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .missing: "there is no such file"
        case .notRegular: "it is not a regular file"
        case .unreadable(let reason): reason
        case .tooLarge(let limit): "it is longer than \(limit) bytes"
        }
    }
}
