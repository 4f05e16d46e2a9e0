// SPDX-License-Identifier: Apache-2.0

/// Base64 of RFC 4648 section 4: with padding, without line breaks.
package enum Base64 {
    /// Encodes bytes.
    package static func encode(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { input in
            String(unsafeUninitializedCapacity: (input.count + 2) / 3 * 4) { output in
                encode(UnsafeRawBufferPointer(input), into: UnsafeMutableRawBufferPointer(output))
            }
        }
    }

    /// The output has room for four bytes for every three of the input, the last of which may be incomplete.
    private static func encode(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int {
        var written = 0
        var index = 0
        // Four bytes are loaded and three used, so the last group is not among these.
        while index &+ 3 < input.count {
            let bits = UInt32(bigEndian: input.loadUnaligned(fromByteOffset: index, as: UInt32.self)) >> 8
            output.storeBytes(of: digits(of: bits).littleEndian, toByteOffset: written, as: UInt32.self)
            written &+= 4
            index &+= 3
        }
        let rest = input[index...]
        if !rest.isEmpty {
            let bits = rest.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - rest.count))
            output.storeBytes(of: digits(of: bits).littleEndian, toByteOffset: written, as: UInt32.self)
            written += 4
            for padding in rest.count..<3 { output[written - 3 + padding] = UInt8(ascii: "=") }
        }
        return written
    }

    /// The four digits of 24 bits, the first in the lowest byte.
    private static func digits(of bits: UInt32) -> UInt32 {
        // The address of a literal: without a lazy global or a bounds check. Indices have six bits.
        let digits = alphabet.utf8Start
        return UInt32(digits[Int(bits >> 18)]) | UInt32(digits[Int(bits >> 12 & 63)]) << 8
            | UInt32(digits[Int(bits >> 6 & 63)]) << 16 | UInt32(digits[Int(bits & 63)]) << 24
    }

    private static var alphabet: StaticString { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" }

    /// Decodes strictly: returns nil for any other character, for missing or misplaced padding, and if unused bits are set
    /// (RFC 4648, section 3.5), so that each sequence of bytes has exactly one encoding.
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

extension Sequence<UInt8> {
    /// The bytes in Base64, with padding.
    package var base64: String {
        let bytes = Array(self)
        return Base64.encode(bytes.span)
    }
}
