// SPDX-License-Identifier: Apache-2.0

/// A parsed `keyPrefix` or `keyName`. `{tenant}` is already expanded; nothing in it can leave its place in the key.
package struct KeyTemplate: Sendable, Hashable {
    /// A piece of a template.
    package enum Part: Sendable, Hashable {
        /// UTF-8 as it stands in the key.
        case literal([UInt8])
        case placeholder(Placeholder)
    }

    /// The template as the file has it.
    package let text: String
    package let parts: [Part]

    /// Whether the client's file name becomes part of the key.
    package var usesFilename: Bool { uses(.filename) }
    /// Whether the key needs a user.
    package var usesUser: Bool { uses(.user) }

    package func uses(_ placeholder: Placeholder) -> Bool {
        parts.contains(.placeholder(placeholder))
    }

    /// The bytes every key made of this template begins with: all up to the first placeholder.
    package var leadingBytes: [UInt8] {
        guard case .literal(let bytes)? = parts.first else { return [] }
        return bytes
    }
}
