// SPDX-License-Identifier: Apache-2.0

/// Classes of ASCII characters, for scanning UTF-8 without `Character`'s canonical equivalence. They are inlinable because
/// the scans of each request call them once a byte.
extension UInt8 {
    @inlinable package var isASCIIDigit: Bool { self &- UInt8(ascii: "0") < 10 }
    @inlinable package var isASCIILowercase: Bool { self &- UInt8(ascii: "a") < 26 }
    @inlinable package var isASCIIUppercase: Bool { self &- UInt8(ascii: "A") < 26 }
    @inlinable package var isASCIILetter: Bool { (self | 0x20).isASCIILowercase }
    @inlinable package var isASCIILetterOrDigit: Bool { isASCIILetter || isASCIIDigit }
    /// Whether the byte is a control character, U+0000 to U+001F or U+007F.
    @inlinable package var isASCIIControl: Bool { self < 0x20 || self == 0x7F }
    /// Whether the byte is `!` to `~`.
    @inlinable package var isVisibleASCII: Bool { self &- 0x21 < 0x5E }

    /// The byte, in lower case if it is an ASCII letter.
    @inlinable package var asciiLowercased: UInt8 { isASCIIUppercase ? self | 0x20 : self }

    /// The value of a hexadecimal digit of either case; nil if the byte is not one.
    @inlinable package var hexDigitValue: UInt8? {
        if isASCIIDigit { return self &- UInt8(ascii: "0") }
        let letter = (self | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? letter + 10 : nil
    }
}

extension String {
    /// Calls a closure with the UTF-8, copied only if it is not stored contiguously.
    @inlinable package func withUTF8Span<Result>(_ use: (Span<UInt8>) -> Result) -> Result {
        utf8.withContiguousStorageIfAvailable { use($0.span) } ?? use(Array(utf8).span)
    }

    /// Whether every byte of the UTF-8 satisfies the condition. (Iterating over `utf8` costs several times as much.)
    @inlinable package func allBytes(_ condition: (UInt8) -> Bool) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.allSatisfy(condition) } ?? utf8.allSatisfy(condition)
    }

    /// Whether the string has visible ASCII characters only, or none.
    package var isVisibleASCII: Bool { allBytes { $0.isVisibleASCII } }

    /// Whether both are the same bytes but for the case of ASCII letters.
    @inlinable package func equalsIgnoringASCIICase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && hasPrefixIgnoringASCIICase(other)
    }

    /// Whether the string begins with these bytes but for the case of ASCII letters.
    @inlinable package func hasPrefixIgnoringASCIICase(_ prefix: String) -> Bool {
        guard utf8.count >= prefix.utf8.count else { return false }
        return withUTF8Span { own in
            prefix.withUTF8Span { prefix in
                for index in 0..<prefix.count where own[index].asciiLowercased != prefix[index].asciiLowercased { return false }
                return true
            }
        }
    }

    /// The string with `A` to `Z` in lower case and every other byte as it is.
    package var asciiLowercased: String {
        String(decoding: utf8.map { $0.asciiLowercased }, as: UTF8.self)
    }
}

/// A set of ASCII bytes in two words, which the scans of each request check once a byte.
package struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    /// - Parameter characters: ASCII only; anything else is left out.
    package init(_ characters: String) {
        for byte in characters.utf8 where byte < 0x80 {
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }
    }

    package func contains(_ byte: UInt8) -> Bool {
        if byte < 64 { return low >> UInt64(byte) & 1 == 1 }
        return byte < 0x80 && high >> UInt64(byte - 64) & 1 == 1
    }

    package static let lettersAndDigits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    /// `unreserved` of RFC 3986 §2.3.
    package static let unreserved = ByteSet(lettersAndDigits + "-._~")
    package static let unreservedOrSlash = ByteSet(lettersAndDigits + "-._~/")
    /// `tchar` of RFC 9110 §5.6.2.
    package static let token = ByteSet(lettersAndDigits + "!#$%&'*+-.^_`|~")
    /// `restricted-name-chars` of RFC 6838 §4.2.
    package static let mediaTypeName = ByteSet(lettersAndDigits + "!#$&-^_.+")
    /// `attr-char` of RFC 5987 §3.2.1 without `$`, so that no `${` can arise.
    package static let attribute = ByteSet(lettersAndDigits + "!#&+-.^_`|~")
    /// The characters of a quoted file name that are not encoded: programs differ on quotes, escapes and percent signs
    /// (RFC 6266, appendix D).
    package static let quotedName = ByteSet(lettersAndDigits + " !#&'()*+,-./:;<=>?@[]^_`{|}~")
}
