// SPDX-License-Identifier: Apache-2.0

/// A key's id as logs and status pages show it: short, on one line, and unable to act on a terminal.
package enum ShownKeyID {
    /// The most bytes of an id that are shown, before what is escaped of them.
    static let maximumLength = JSONWebKey.maximumIDLength

    /// The id with each byte that is not printable ASCII as `\xHH`, cut after 128 bytes.
    ///
    /// Stricter than what JSON asks for: a provider's text may hold C1 controls or change the direction of writing.
    package static func text(_ id: String) -> String {
        let hexDigits = Array("0123456789abcdef".utf8)
        var shown: [UInt8] = []
        for byte in id.utf8.prefix(maximumLength) {
            if (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"") {
                shown.append(byte)
            } else {
                shown += [UInt8(ascii: "\\"), UInt8(ascii: "x"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 0xf)]]
            }
        }
        return String(decoding: shown, as: UTF8.self) + (id.utf8.count > maximumLength ? "..." : "")
    }

    static func quoted(_ id: String) -> String {
        "\"\(text(id))\""
    }
}
