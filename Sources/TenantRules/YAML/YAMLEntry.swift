// SPDX-License-Identifier: Apache-2.0

/// One `key: value` of a mapping.
struct YAMLEntry: Sendable {
    let key: String
    let keyPosition: YAMLPosition
    let value: YAMLNode
}
