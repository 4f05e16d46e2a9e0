// SPDX-License-Identifier: Apache-2.0

/// Lower-case hexadecimal, as SigV4 writes signatures.
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

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
