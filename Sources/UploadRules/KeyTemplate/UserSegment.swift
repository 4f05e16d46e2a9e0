// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The user as one segment of a key.
///
/// Letters, digits, `_`, `-` and dots stay; every other byte of the UTF-8, `~` itself too, becomes `~XX`; a name of
/// nothing but dots is encoded whole, for `.` and `..` are resolved as paths by clients. Each output byte sequence has
/// one input: distinct users, compared as bytes, have distinct segments. Unicode normalisation plays no part in it.
enum UserSegment {
    static func append(_ user: String, to key: inout [UInt8]) {
        let dotsStay = !user.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        for byte in user.utf8 {
            let stays =
                ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || (byte == UInt8(ascii: ".") && dotsStay)
            if stays {
                key.append(byte)
            } else {
                key.append(UInt8(ascii: "~"))
                key.append(ASCII.hexDigit(byte >> 4))
                key.append(ASCII.hexDigit(byte & 15))
            }
        }
    }

    /// Whether some user's segment is exactly these bytes.
    static func canBe(_ bytes: some Collection<UInt8>) -> Bool {
        if bytes.isEmpty || bytes.allSatisfy({ $0 == UInt8(ascii: ".") }) { return false }
        var user: [UInt8] = []
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "~") else {
                user.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(ASCII.hexValue), let low = rest.popFirst().flatMap(ASCII.hexValue) else {
                return false
            }
            user.append(high << 4 | low)
        }
        // Only what encodes back to the same bytes is an encoding. (Invalid UTF-8 is repaired here and so differs.)
        var encoded: [UInt8] = []
        append(String(decoding: user, as: UTF8.self), to: &encoded)
        return encoded.elementsEqual(bytes)
    }
}
