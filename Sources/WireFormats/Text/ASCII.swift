// SPDX-License-Identifier: Apache-2.0

/// Classes of bytes, for scanning UTF-8 without `Character`'s canonical equivalence.
package enum ASCII {
    package static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
    package static func isLower(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "a") < 26 }
    package static func isUpper(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "A") < 26 }
    package static func isLetterOrDigit(_ byte: UInt8) -> Bool { isDigit(byte) || isLower(byte | 0x20) }
    /// A control character, DEL included.
    package static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }
    /// A visible character: `!` to `~`.
    package static func isVisible(_ byte: UInt8) -> Bool { byte > 0x20 && byte < 0x7F }
    package static func lowercased(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

    /// A `tchar` of RFC 9110 §5.6.2.
    package static func isToken(_ byte: UInt8) -> Bool { ByteSet.token.contains(byte) }

    /// Upper case.
    package static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "A") + nibble - 10
    }

    package static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte - UInt8(ascii: "0") }
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "f") ? lower - UInt8(ascii: "a") + 10 : nil
    }
}
