// SPDX-License-Identifier: Apache-2.0

/// Base64url without padding (RFC 4648 section 5; RFC 7515 section 2), decoded strictly, so that every value has exactly one
/// encoding.
package enum Base64URL {
    /// Decodes a text; nil if it has padding, white space, `+`, `/` or another byte outside the alphabet, or if the unused bits of
    /// the last character are not zero (RFC 4648 section 3.5).
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let (groups, rest) = text.count.quotientAndRemainder(dividingBy: 4)
        guard rest != 1 else { return nil }
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: groups * 3 + 2) { bytes, count in
            text.withUnsafeBufferPointer { isValid = decode($0, groups, into: bytes, &count) }
        }
        return isValid ? bytes : nil
    }

    private static func decode(
        _ text: UnsafeBufferPointer<UInt8>, _ groups: Int, into bytes: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) -> Bool {
        values.withUnsafeBufferPointer { values in
            var invalid: UInt8 = 0
            func value(_ index: Int) -> UInt32 {
                let value = values[Int(text[index])]
                invalid |= value
                return UInt32(value)
            }
            for group in 0..<groups {
                let index = group * 4
                let bits = value(index) << 18 | value(index + 1) << 12 | value(index + 2) << 6 | value(index + 3)
                bytes[count] = UInt8(truncatingIfNeeded: bits >> 16)
                bytes[count + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                bytes[count + 2] = UInt8(truncatingIfNeeded: bits)
                count += 3
            }
            let index = groups * 4
            switch text.count - index {
            case 2:
                let bits = value(index) << 6 | value(index + 1)
                guard bits & 0xF == 0 else { return false }
                bytes[count] = UInt8(truncatingIfNeeded: bits >> 4)
                count += 1
            case 3:
                let bits = value(index) << 12 | value(index + 1) << 6 | value(index + 2)
                guard bits & 0x3 == 0 else { return false }
                bytes[count] = UInt8(truncatingIfNeeded: bits >> 10)
                bytes[count + 1] = UInt8(truncatingIfNeeded: bits >> 2)
                count += 2
            default:
                break
            }
            return invalid & foreign == 0
        }
    }

    /// Decodes a text, as strictly.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(Array(text.utf8)[...])
    }

    /// Encodes bytes, without padding.
    package static func encode(_ bytes: some Collection<UInt8>) -> String {
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
