// SPDX-License-Identifier: Apache-2.0

extension Unicode.Scalar {
    /// Whether the scalar can change how the text around it reads, or act on a terminal: a control, a separator of lines or
    /// paragraphs, or a mark that sets the direction of writing.
    package var isUnprintable: Bool {
        switch value {
        case 0..<0x20, 0x7F..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}

/// Text from outside in messages, log lines, status pages and on terminals.
extension String {
    /// Whether nothing in the text needs an escape to be printed.
    package var isPrintable: Bool {
        unicodeScalars.allSatisfy { !$0.isUnprintable }
    }

    /// The text on one line: each unprintable scalar is escaped, for example as `\u{202e}`.
    /// - Parameter asciiControls: whether U+0000 to U+001F are escaped as well. JSON has its own escapes for them.
    package func printable(asciiControls: Bool = true) -> String {
        // The usual text is ASCII, and of that only DEL and the controls are unprintable.
        if allBytes({ $0 < 0x7F && (!asciiControls || $0 >= 0x20) }) { return self }
        var text = ""
        for scalar in unicodeScalars { text.append(scalar, asciiControls: asciiControls) }
        return text
    }

    /// The printable text, or the beginning of a long one with `…` at the end.
    /// - Parameter limit: how many scalars of the text are shown. A `Character` could have any number of them.
    package func printable(limit: Int) -> String {
        guard utf8.count > limit, let end = unicodeScalars.index(startIndex, offsetBy: limit, limitedBy: endIndex), end < endIndex
        else { return printable() }
        return String(self[..<end]).printable() + "…"
    }

    /// JSON with an escape for each unprintable scalar, for programs that print it: ``JSONWriter`` escapes only what JSON must.
    package var printableJSON: String {
        if allBytes({ $0 < 0x7F }) { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable, scalar.value >= 0x20 {
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text for a message: printable, in quotes, and at most 60 scalars.
    package var quoted: String {
        let limit = 60
        var text = ""
        for (count, scalar) in unicodeScalars.enumerated() {
            if count == limit {
                text += "…"
                break
            }
            text.append(scalar, asciiControls: true)
        }
        return "“\(text)”"
    }

    /// The text in ASCII: each byte that is not printable ASCII, and quotes and backslashes, as `\x1b`; `...` replaces what
    /// exceeds the limit.
    /// - Parameter maximumLength: how many bytes of the text are shown.
    package func printableASCII(maximumLength: Int = 128) -> String {
        var shown: [UInt8] = []
        for byte in utf8.prefix(maximumLength) {
            if byte == 0x20 || byte.isVisibleASCII && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"") {
                shown.append(byte)
            } else {
                shown += [UInt8(ascii: "\\"), UInt8(ascii: "x"), Hexadecimal.digit(byte >> 4), Hexadecimal.digit(byte & 0x0F)]
            }
        }
        return String(decoding: shown, as: UTF8.self) + (utf8.count > maximumLength ? "..." : "")
    }

    private mutating func append(_ scalar: Unicode.Scalar, asciiControls: Bool) {
        if scalar.isUnprintable && (asciiControls || scalar.value >= 0x20) {
            self += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            unicodeScalars.append(scalar)
        }
    }
}
