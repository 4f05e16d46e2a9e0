// SPDX-License-Identifier: Apache-2.0

/// What a strict YAML file consists of: texts, lists and mappings, each with its place.
///
/// A scalar is its text whatever it looks like: `010`, `on`, `~` and `2026-01-01` are never turned into something else.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        case text(String)
        case list([YAMLNode])
        case mapping([YAMLEntry])
        /// Already reported as a problem; whoever meets it says nothing more.
        case reported
    }

    let content: Content
    let position: YAMLPosition
}
