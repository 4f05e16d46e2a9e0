// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Hands out the UTF-8 for the time of a call. (Iterating over `utf8` costs several times as much.)
    func withUTF8Span<Result>(_ use: (Span<UInt8>) -> Result) -> Result {
        utf8.withContiguousStorageIfAvailable { use($0.span) } ?? use(Array(utf8).span)
    }

    /// Whether both are the same bytes but for the case of ASCII letters, as form field names are compared.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        return withUTF8Span { left in
            other.withUTF8Span { right in
                for index in 0..<left.count where left[index].asciiLowercased != right[index].asciiLowercased { return false }
                return true
            }
        }
    }

    /// Whether this names a field that S3 does not judge: `x-ignore-` in any case stands in front.
    var hasIgnorePrefix: Bool {
        let prefix: StaticString = "x-ignore-"
        return withUTF8Span { utf8 in
            guard utf8.count >= prefix.utf8CodeUnitCount else { return false }
            for index in 0..<prefix.utf8CodeUnitCount where utf8[index].asciiLowercased != prefix.utf8Start[index] {
                return false
            }
            return true
        }
    }

    /// The string with `A` to `Z` in lower case and every other byte as it is.
    var asciiLowercased: String {
        String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self)
    }
}

extension UInt8 {
    /// The byte, in lower case where it is an ASCII letter.
    var asciiLowercased: UInt8 {
        self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self
    }

    /// Whether the byte is an ASCII letter.
    var isASCIILetter: Bool {
        (self | 0x20) &- UInt8(ascii: "a") < 26
    }

    /// Whether the byte is `a` to `z`.
    var isASCIILowercase: Bool {
        self &- UInt8(ascii: "a") < 26
    }

    /// Whether the byte is an ASCII digit.
    var isASCIIDigit: Bool {
        self &- UInt8(ascii: "0") < 10
    }

    /// Whether the byte is ASCII beyond space and below DEL.
    var isVisibleASCII: Bool {
        self &- 0x21 < 0x5E
    }
}
