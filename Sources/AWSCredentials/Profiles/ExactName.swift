// SPDX-License-Identifier: Apache-2.0

/// The name of a section or of an option. Two names are one only if their bytes are the same: Swift's own comparison would
/// take "é" and "e" with an accent behind it for one profile, where AWS's tools see two.
struct ExactName: Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    init(stringLiteral text: String) {
        self.text = text
    }

    static func == (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    static func < (left: ExactName, right: ExactName) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(0xFF as UInt8)
    }
}
