// SPDX-License-Identifier: Apache-2.0

/// A cyclic redundancy check with reflected bits, of bytes that arrive in pieces.
package struct CRC: Sendable {
    /// The checks that S3 knows.
    package enum Kind: Sendable {
        /// CRC-32 of ISO 3309, as in zip and gzip.
        case crc32
        /// CRC-32C (Castagnoli), RFC 3720, section 12.1.
        case crc32c
        /// CRC-64/NVME (NVM Express, NVM Command Set Specification).
        case crc64nvme

        /// The polynomial with its bits reversed.
        fileprivate var polynomial: UInt64 {
            switch self {
            case .crc32: 0xEDB8_8320
            case .crc32c: 0x82F6_3B78
            case .crc64nvme: 0x9A6C_9329_AC4B_C9B5
            }
        }

        fileprivate var byteCount: Int { self == .crc64nvme ? 8 : 4 }
        /// The register at the start, and what is added at the end.
        fileprivate var allOnes: UInt64 { self == .crc64nvme ? .max : 0xFFFF_FFFF }
    }

    private let kind: Kind
    private let table: [UInt64]
    private var register: UInt64

    package init(_ kind: Kind) {
        self.kind = kind
        register = kind.allOnes
        table = (0..<256).map { byte in
            (0..<8).reduce(UInt64(byte)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ kind.polynomial : rest >> 1 }
        }
    }

    /// Adds the next piece.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes { register = register >> 8 ^ table[Int(UInt8(truncatingIfNeeded: register) ^ byte)] }
    }

    /// The check of all pieces, the highest byte first.
    package var bytes: [UInt8] {
        let value = register ^ kind.allOnes
        return (0..<kind.byteCount).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
}
