// SPDX-License-Identifier: Apache-2.0

/// Hexadecimal, written in lower case, as in digests and SigV4's signatures.
package enum Hexadecimal {
    /// Encodes bytes.
    package static func encode(_ bytes: Span<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { output in
            for index in 0..<bytes.count {
                output[2 * index] = digit(bytes[index] >> 4)
                output[2 * index + 1] = digit(bytes[index] & 0x0F)
            }
            return bytes.count * 2
        }
    }

    /// Decodes digits of either case; nil for an odd number of them and for any other character.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.compactMap { $0.hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The digit of four bits.
    @inlinable package static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// The digit of four bits in upper case, as percent-encoding writes it (RFC 3986 §2.1).
    @inlinable package static func uppercaseDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}

extension Sequence<UInt8> {
    /// The bytes in lower-case hexadecimal.
    package var hexadecimal: String {
        let bytes = Array(self)
        return Hexadecimal.encode(bytes.span)
    }
}
