// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both are the same bytes but for the case of ASCII letters, as names of fields and hosts are compared.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        utf8.count == other.utf8.count && hasPrefixIgnoringASCIICase(other)
    }

    /// Whether the string begins with these bytes but for the case of ASCII letters.
    func hasPrefixIgnoringASCIICase(_ prefix: String) -> Bool {
        utf8.count >= prefix.utf8.count && zip(utf8, prefix.utf8).allSatisfy { $0.asciiLowercased == $1.asciiLowercased }
    }

    /// The string with `A` to `Z` in lower case and every other byte as it is.
    var asciiLowercased: String {
        String(decoding: utf8.map(\.asciiLowercased), as: UTF8.self)
    }
}

extension UInt8 {
    /// The byte, in lower case where it is an ASCII letter.
    var asciiLowercased: UInt8 {
        (0x41...0x5A).contains(self) ? self | 0x20 : self
    }
}
