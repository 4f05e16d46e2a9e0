// SPDX-License-Identifier: Apache-2.0

/// The content types a rule allows.
package struct ContentTypeList: Sendable, Hashable {
    /// As the file lists them, for people and `<input accept>`: `image/png`, `image/*`.
    package let patterns: [String]
}
