// SPDX-License-Identifier: Apache-2.0

/// A place in a file: line and column from 1, the column counted in Unicode scalars as libyaml counts.
struct YAMLPosition: Sendable, Hashable, Comparable {
    let line: Int
    let column: Int

    /// The first character of a file.
    static let start = YAMLPosition(line: 1, column: 1)

    static func < (left: YAMLPosition, right: YAMLPosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
