// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The user as one segment of a key.
///
/// Letters, digits, `_`, `-` and dots stay; every other byte of the UTF-8, `~` itself too, becomes `~XX`; a name of
/// nothing but dots is encoded whole, for `.` and `..` are resolved as paths by clients. Each output byte sequence has
/// one input: distinct users, compared as bytes, have distinct segments. Unicode normalisation plays no part in it.
enum UserSegment {
    private static let encoding = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "_-."), escape: "~")
    private static let encodingOfDots = PercentEncoding(keeping: ByteSet(ByteSet.lettersAndDigits + "_-"), escape: "~")

    static func append(_ user: String, to key: inout [UInt8]) {
        let isDots = user.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        (isDots ? encodingOfDots : encoding).append(user, to: &key)
    }

    /// Whether some user's segment is exactly these bytes.
    static func canBe(_ bytes: some Collection<UInt8>) -> Bool {
        if bytes.isEmpty || bytes.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
        guard let user = encoding.decode(bytes) else { return false }
        // Only what encodes back to the same bytes is an encoding. (Invalid UTF-8 is repaired here and so differs.)
        var encoded: [UInt8] = []
        append(String(decoding: user, as: UTF8.self), to: &encoded)
        return encoded.elementsEqual(bytes)
    }
}
