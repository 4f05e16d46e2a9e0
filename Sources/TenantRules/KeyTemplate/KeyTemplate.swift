// SPDX-License-Identifier: Apache-2.0

/// A parsed `keyPrefix` or `keyName`.
package struct KeyTemplate: Sendable, Hashable {
    /// The template as the file has it.
    package let text: String
}
