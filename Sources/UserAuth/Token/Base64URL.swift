// SPDX-License-Identifier: Apache-2.0

/// Base64url without padding (RFC 4648 section 5; RFC 7515 section 2), read so that every value has exactly one text.
enum Base64URL {
    /// Reads a text; nil where it has padding, white space, `+`, `/` or any other foreign byte, or where the bits that the last
    /// character has too many are not zero (RFC 4648 section 3.5).
    static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let (groups, rest) = text.count.quotientAndRemainder(dividingBy: 4)
        guard rest != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(groups * 3 + 2)
        var bits: UInt32 = 0
        var invalid: UInt8 = 0
        var count = 0
        for character in text {
            let value = values[Int(character)]
            invalid |= value
            bits = bits << 6 | UInt32(value)
            count += 1
            if count == 4 {
                bytes.append(UInt8(truncatingIfNeeded: bits >> 16))
                bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
                bytes.append(UInt8(truncatingIfNeeded: bits))
                count = 0
            }
        }
        guard invalid & foreign == 0 else { return nil }
        switch rest {
        case 2:
            guard bits & 0xF == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: bits >> 4))
        case 3:
            guard bits & 0x3 == 0 else { return nil }
            bytes.append(UInt8(truncatingIfNeeded: bits >> 10))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 2))
        default:
            break
        }
        return bytes
    }

    /// Reads a text, as strictly.
    static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8)[...])
    }

    /// Writes bytes, without padding.
    static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var pending = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            pending += 8
            while pending >= 6 {
                pending -= 6
                text.append(alphabet[Int(bits >> UInt32(pending)) & 0x3F])
            }
        }
        if pending > 0 {
            text.append(alphabet[Int(bits << UInt32(6 - pending)) & 0x3F])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let foreign: UInt8 = 0x80
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: foreign, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(value)
        }
        return values
    }()
}
