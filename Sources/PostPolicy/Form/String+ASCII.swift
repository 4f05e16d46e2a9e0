// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both are the same bytes but for the case of ASCII letters, as form field names are compared.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { $0.asciiLowercased == $1.asciiLowercased }
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
}
