// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// Whether a JSON string cannot hold the byte as it is (RFC 8259, section 7).
    var isEscaped: Bool {
        self < 0x20 || self == UInt8(ascii: "\"") || self == UInt8(ascii: "\\")
    }
}

extension UnsafeRawBufferPointer {
    /// Whether a JSON string cannot hold all of the bytes as they are. Looks at eight bytes at a time.
    var hasByteToEscape: Bool {
        guard count >= 8 else { return contains { $0.isEscaped } }
        var index = 0
        while index + 8 <= count {
            if loadUnaligned(fromByteOffset: index, as: UInt64.self).hasByteToEscape { return true }
            index += 8
        }
        // The last eight bytes, some of them for the second time.
        return loadUnaligned(fromByteOffset: count - 8, as: UInt64.self).hasByteToEscape
    }
}

extension UInt64 {
    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    /// Whether one of the eight bytes is a control, a quote or a backslash: "determine if a word has a byte less than n" and
    /// "… a zero byte" of Sean Anderson's Bit Twiddling Hacks. A borrow may blame the wrong byte, but never invents one.
    fileprivate var hasByteToEscape: Bool {
        let quotes = self ^ (0x22 &* Self.ones)
        let backslashes = self ^ (0x5C &* Self.ones)
        let controls = (self &- (0x20 &* Self.ones)) & ~self
        let found = controls | ((quotes &- Self.ones) & ~quotes) | ((backslashes &- Self.ones) & ~backslashes)
        return found & (0x80 &* Self.ones) != 0
    }
}
