// SPDX-License-Identifier: Apache-2.0

/// Writes a piece into reserved room: the only place where writes are unchecked in release builds.
struct PieceWriter {
    /// The most bytes that one byte becomes, as in `\u001f`.
    static let longestEscape = 6

    private let room: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    init(room: UnsafeMutableRawBufferPointer, count: Int) {
        self.room = room
        self.count = count
    }

    mutating func byte(_ byte: UInt8) {
        room[count] = byte
        count &+= 1
    }

    mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: room[count..<(count + bytes.count)]).copyMemory(from: bytes)
        count += bytes.count
    }

    /// Reverses the bytes from an index on.
    mutating func reverse(from start: Int) {
        room[start..<count].reverse()
    }

    /// Writes bytes as the contents of a JSON string (RFC 8259, section 7).
    mutating func escaped(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte.isEscaped { escape(byte) } else { self.byte(byte) }
        }
    }

    private mutating func escape(_ escaped: UInt8) {
        byte(UInt8(ascii: "\\"))
        switch escaped {
        case 0x08: byte(UInt8(ascii: "b"))
        case 0x09: byte(UInt8(ascii: "t"))
        case 0x0A: byte(UInt8(ascii: "n"))
        case 0x0C: byte(UInt8(ascii: "f"))
        case 0x0D: byte(UInt8(ascii: "r"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte(escaped)
        default:
            byte(UInt8(ascii: "u"))
            byte(UInt8(ascii: "0"))
            byte(UInt8(ascii: "0"))
            byte(escaped < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            byte(Hexadecimal.digit(escaped & 0x0F))
        }
    }
}
