// SPDX-License-Identifier: Apache-2.0

/// Text of others as logs, status pages and terminals show it: short, on one line, and unable to act on a terminal.
package enum ShownText {
    /// The text with each byte that is not printable ASCII as `\xHH`, cut after `maximumLength` of its bytes.
    ///
    /// Stricter than what JSON asks for: a provider's text may hold C1 controls or change the direction of writing.
    package static func text(_ text: String, maximumLength: Int = 128) -> String {
        let hexDigits = Array("0123456789abcdef".utf8)
        var shown: [UInt8] = []
        for byte in text.utf8.prefix(maximumLength) {
            if (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"") {
                shown.append(byte)
            } else {
                shown += [UInt8(ascii: "\\"), UInt8(ascii: "x"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 0xf)]]
            }
        }
        return String(decoding: shown, as: UTF8.self) + (text.utf8.count > maximumLength ? "..." : "")
    }

    static func quoted(_ text: String) -> String {
        "\"\(Self.text(text))\""
    }
}
