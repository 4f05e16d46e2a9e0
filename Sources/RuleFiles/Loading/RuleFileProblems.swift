// SPDX-License-Identifier: Apache-2.0

/// Every problem of one load, sorted.
package struct RuleFileProblems: Error, Sendable, CustomStringConvertible {
    package let problems: [RuleFileProblem]

    /// One line a problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
