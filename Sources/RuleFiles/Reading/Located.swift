// SPDX-License-Identifier: Apache-2.0

/// A value and its place in the file.
struct Located<Value> {
    let value: Value
    let position: YAMLPosition
}

extension Located: Sendable where Value: Sendable {}
