// SPDX-License-Identifier: Apache-2.0

/// Every problem of one load, sorted.
package struct RuleFilesError: Error, Sendable, CustomStringConvertible {
    package let problems: [Diagnostic]

    /// One line a problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
