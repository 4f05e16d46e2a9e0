// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// Whether the byte needs an escape in a JSON string (RFC 8259, section 7).
    var isEscaped: Bool {
        self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether any byte needs an escape in a JSON string. Checks eight bytes at a time.
    var hasByteToEscape: Bool {
        guard count >= 8 else { return contains { $0.isEscaped } }
        var index = 0
        while index &+ 32 <= count {
            // Four words at once, since few strings have such a byte.
            let found =
                word(at: index).bytesToEscape | word(at: index &+ 8).bytesToEscape
                | word(at: index &+ 16).bytesToEscape | word(at: index &+ 24).bytesToEscape
            if found != 0 { return true }
            index &+= 32
        }
        while index &+ 8 <= count {
            if word(at: index).bytesToEscape != 0 { return true }
            index &+= 8
        }
        // The last eight bytes, some of them for the second time.
        return word(at: count &- 8).bytesToEscape != 0
    }

    /// Whether every byte is visible ASCII or a space, and none a quote or a backslash.
    var isPlainText: Bool {
        guard count >= 8 else { return allSatisfy { $0 < 0x7f && !$0.isEscaped } }
        var index = 0
        while index &+ 8 <= count {
            if word(at: index).bytesNotPlain != 0 { return false }
            index &+= 8
        }
        return word(at: count &- 8).bytesNotPlain == 0
    }

    private func word(at offset: Int) -> UInt64 {
        loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}

extension UInt64 {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }
    private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Not zero if one of the eight bytes is a control, a quote or a backslash: "determine if a word has a byte less than n"
    /// and "… a zero byte" of Sean Anderson's Bit Twiddling Hacks. A borrow may mark a wrong byte, but only next to a
    /// right one.
    fileprivate var bytesToEscape: UInt64 {
        // With this bit turned, the quote is 0x20 and the space 0x22: below 0x21 are the quote and the controls.
        let turned = self ^ (0x02 &* Self.ones)
        let backslashes = self ^ (0x5c &* Self.ones)
        let found = (turned &- (0x21 &* Self.ones)) & ~self | (backslashes &- Self.ones) & ~backslashes
        return found & Self.highBits
    }

    /// Not zero if one of the eight bytes is escaped, is DEL, or is not ASCII.
    fileprivate var bytesNotPlain: UInt64 {
        let carried = (self & ~Self.highBits) &+ Self.ones
        return bytesToEscape | (self | carried) & Self.highBits
    }
}
