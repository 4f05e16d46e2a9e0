// SPDX-License-Identifier: Apache-2.0

/// A value and where it stands.
struct Located<Value> {
    let value: Value
    let position: YAMLPosition
}

extension Located: Sendable where Value: Sendable {}
