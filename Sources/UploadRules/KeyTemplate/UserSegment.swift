// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `{user}`: the user as one segment of a key.
///
/// ASCII letters, digits, `_`, `-` and dots are unchanged. Every other byte of the UTF-8, including `~`, becomes `~XX`. In a user
/// of only dots the dots are encoded too, because clients resolve `.` and `..` as paths. Users with different bytes have
/// different segments; Unicode normalisation does not matter.
enum UserSegment {
    static func append(_ user: String, to key: inout [UInt8]) {
        let keepsDots = !user.utf8.allSatisfy { $0 == UInt8(ascii: ".") }
        for byte in user.utf8 {
            let isUnchanged =
                ASCII.isLetterOrDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                || (byte == UInt8(ascii: ".") && keepsDots)
            if isUnchanged {
                key.append(byte)
            } else {
                key.append(UInt8(ascii: "~"))
                key.append(ASCII.hexDigit(byte >> 4))
                key.append(ASCII.hexDigit(byte & 15))
            }
        }
    }

    /// Whether there is a user with exactly this segment.
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
        // The bytes are a segment only if the user is encoded to them. (Invalid UTF-8 is replaced here, and so differs.)
        var encoded: [UInt8] = []
        append(String(decoding: user, as: UTF8.self), to: &encoded)
        return encoded.elementsEqual(bytes)
    }
}
