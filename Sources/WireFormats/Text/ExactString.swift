// SPDX-License-Identifier: Apache-2.0

/// A string that equals another one only if the bytes of their UTF-8 are the same, for keys of dictionaries and members of
/// sets.
///
/// `String` compares by canonical equivalence ("é" equals "e\u{301}"), which would treat two different names as one.
package struct ExactString: Sendable, Hashable, Comparable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) {
        self.text = text
    }

    package static func == (left: ExactString, right: ExactString) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    /// Orders by the bytes.
    package static func < (left: ExactString, right: ExactString) -> Bool {
        left.text.bytesPrecede(right.text)
    }

    package func hash(into hasher: inout Hasher) {
        text.withUTF8Span { utf8 in
            utf8.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
        // Not a byte of UTF-8, so that a value hashed after this one is not part of it.
        hasher.combine(0xFF as UInt8)
    }
}
