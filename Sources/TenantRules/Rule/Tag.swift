// SPDX-License-Identifier: Apache-2.0

/// One object tag.
package struct Tag: Sendable, Hashable {
    /// 1 to 128 characters.
    package let key: String
    /// 0 to 256 characters.
    package let value: String
}
