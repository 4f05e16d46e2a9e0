// SPDX-License-Identifier: Apache-2.0

/// Base64 of RFC 4648 section 4: with padding, without line breaks.
package enum Base64 {
    private static var alphabet: StaticString { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }

    /// Encodes bytes.
    package static func encode(_ bytes: Span<UInt8>) -> String {
        String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { output in
            // A literal's address: neither a lazy global nor a bounds check stands between; indices have six bits.
            let digits = alphabet.utf8Start
            var written = 0
            var index = 0
            while index + 2 < bytes.count {
                let bits = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                output[written] = digits[Int(bits >> 18)]
                output[written + 1] = digits[Int(bits >> 12 & 63)]
                output[written + 2] = digits[Int(bits >> 6 & 63)]
                output[written + 3] = digits[Int(bits & 63)]
                written += 4
                index += 3
            }
            let rest = bytes.count - index
            if rest > 0 {
                let bits = UInt32(bytes[index]) << 16 | (rest == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
                output[written] = digits[Int(bits >> 18)]
                output[written + 1] = digits[Int(bits >> 12 & 63)]
                output[written + 2] = rest == 2 ? digits[Int(bits >> 6 & 63)] : UInt8(ascii: "=")
                output[written + 3] = UInt8(ascii: "=")
                written += 4
            }
            return written
        }
    }

    /// Decodes strictly: nil for any other character, for missing or misplaced padding, and where bits that stand for
    /// nothing are set (RFC 4648, section 3.5), so that one sequence of bytes has one text.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 4 == 0 else { return nil }
        let padding = digits.reversed().prefix(2).prefix { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 4 * 3)
        var bits: UInt32 = 0
        var pending = 0
        for digit in digits.dropLast(padding) {
            guard let value = value(of: digit) else { return nil }
            bits = bits << 6 | UInt32(value)
            pending += 6
            if pending >= 8 {
                pending -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(pending)))
            }
        }
        guard bits & (1 << UInt32(pending) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
