// SPDX-License-Identifier: Apache-2.0

/// Why the service cannot start: every reason found, one sentence each.
package struct SetupError: Error, Sendable, CustomStringConvertible {
    package let sentences: [String]

    package init(_ sentences: [String]) {
        self.sentences = sentences
    }

    package var description: String { sentences.joined(separator: "\n") }
}
