// SPDX-License-Identifier: Apache-2.0

/// A node of a strict YAML file: a text, a list or a mapping, with its position.
///
/// A scalar is its text, whatever it looks like: `010`, `on`, `~` and `2026-01-01` are never turned into something else.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        case text(String)
        case list([YAMLNode])
        case mapping([YAMLEntry])
        /// Already reported as a problem: no second problem is reported for it.
        case reported
    }

    let content: Content
    let position: YAMLPosition
    /// Whether this is a text without quotes.
    var isPlain = false
}

/// One `key: value` of a mapping.
struct YAMLEntry: Sendable {
    let key: String
    let keyPosition: YAMLPosition
    let value: YAMLNode
}

/// A position in a file: line and column from 1, the column counted in Unicode scalars as libyaml counts.
struct YAMLPosition: Sendable, Hashable, Comparable {
    let line: Int
    let column: Int

    /// The first character of a file.
    static let start = YAMLPosition(line: 1, column: 1)

    static func < (left: YAMLPosition, right: YAMLPosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
