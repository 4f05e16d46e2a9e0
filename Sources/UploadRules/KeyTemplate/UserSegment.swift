// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `{user}`: the user as one segment of a key.
///
/// ASCII letters, digits, `_`, `-` and dots are unchanged. Every other byte of the UTF-8, including `~`, becomes `~XX`. In a user
/// of only dots the dots are encoded too, because clients resolve `.` and `..` as paths. Users with different bytes have
/// different segments; Unicode normalisation does not matter.
enum UserSegment {
    private static let encoding = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "_-."), escape: "~")
    private static let encodingOfDots = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "_-"), escape: "~")

    static func append(_ user: String, to key: inout [UInt8]) {
        let isDots = user.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        (isDots ? encodingOfDots : encoding).append(user, to: &key)
    }

    /// Whether there is a user with exactly this segment.
    static func isValid(_ bytes: some Collection<UInt8>) -> Bool {
        if bytes.isEmpty || bytes.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
        guard let user = encoding.decode(bytes) else { return false }
        // The bytes are a segment only if the user is encoded to them. (Invalid UTF-8 is replaced here, and so differs.)
        var encoded: [UInt8] = []
        append(String(decoding: user, as: UTF8.self), to: &encoded)
        return encoded.elementsEqual(bytes)
    }
}
