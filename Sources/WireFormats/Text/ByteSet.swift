// SPDX-License-Identifier: Apache-2.0

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
