// SPDX-License-Identifier: Apache-2.0

/// Encoded words of UTF-8 in Base64 (RFC 2047): how a header field has text beyond ASCII, and how S3 takes and returns metadata.
package enum EncodedWord {
    /// The longest word (RFC 2047 section 2), in bytes.
    private static let maximumBytes = 75
    private static let beginning = "=?UTF-8?B?"
    private static let end = "?="

    /// Encodes a text: one word, or several with a space between them, which decoders remove. No character is split.
    package static func encode(_ text: String) -> String {
        let room = (maximumBytes - beginning.utf8.count - end.utf8.count) / 4 * 3
        var words: [String] = []
        var bytes: [UInt8] = []
        func finish() {
            words.append(beginning + Base64.encode(bytes.span) + end)
            bytes.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            if bytes.count + UTF8.width(scalar) > room { finish() }
            bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
        }
        if !bytes.isEmpty || words.isEmpty { finish() }
        return words.joined(separator: " ")
    }

    /// Encodes a text unless a header field carries it unchanged: visible ASCII with single spaces inside, and nothing that a
    /// decoder would take for an encoded word. (Senders remove spaces at the ends, and SigV4 signs a run of spaces as one.)
    package static func encodeIfNeeded(_ text: String) -> String {
        isFieldValue(text) && !text.utf8.hasWordBeginning ? text : encode(text)
    }

    /// Decodes the words of Base64 in UTF-8 in a text, as ``encode(_:)`` writes them. Returns everything else unchanged.
    package static func decode(_ text: String) -> String {
        guard text.utf8.starts(with: beginning.utf8) else { return text }
        var bytes: [UInt8] = []
        for word in text.split(separator: " ") {
            guard
                word.hasPrefix(beginning), word.hasSuffix(end), word.utf8.count >= beginning.utf8.count + end.utf8.count,
                let part = Base64.decode(String(word.dropFirst(beginning.count).dropLast(end.count)))
            else { return text }
            bytes += part
        }
        return String(validating: bytes, as: UTF8.self) ?? text
    }

    /// Whether a header field carries a text unchanged: visible ASCII with single spaces inside.
    package static func isFieldValue(_ text: String) -> Bool {
        var previous = UInt8(ascii: " ")
        for byte in text.utf8 {
            guard byte.isVisibleASCII || (byte == UInt8(ascii: " ") && previous != byte) else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: " ") || text.isEmpty
    }
}

extension String.UTF8View {
    /// Whether a decoder could take a part of the text for an encoded word: it has `=?`.
    fileprivate var hasWordBeginning: Bool {
        zip(self, dropFirst()).contains { $0 == UInt8(ascii: "=") && $1 == UInt8(ascii: "?") }
    }
}
