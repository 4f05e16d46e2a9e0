// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding (RFC 3986 §2.1): each byte of the UTF-8 that is not kept becomes an escape character and two upper-case
/// hexadecimal digits.
package struct PercentEncoding: Sendable {
    private let kept: ByteSet
    private let escape: UInt8

    /// - Parameters:
    ///   - kept: the characters that are not encoded. The escape character must not be among them.
    ///   - escape: an ASCII character.
    package init(keeping kept: ByteSet, escape: Unicode.Scalar = "%") {
        self.kept = kept
        self.escape = UInt8(ascii: escape)
    }

    /// For one component of a URL: all but the unreserved characters are encoded.
    package static let component = PercentEncoding(keeping: .unreserved)

    /// For the path of an object: all but the unreserved characters and `/` are encoded.
    package static let path = PercentEncoding(keeping: .unreservedOrSlash)

    /// Encodes a text.
    package func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        append(text, to: &encoded)
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Encodes a text and appends it to bytes.
    package func append(_ text: String, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            if kept.contains(byte) {
                bytes.append(byte)
            } else {
                bytes.append(escape)
                bytes.append(Hexadecimal.uppercaseDigit(byte >> 4))
                bytes.append(Hexadecimal.uppercaseDigit(byte & 0x0F))
            }
        }
    }

    /// Decodes bytes. Returns nil if an escape is incomplete or is not followed by digits; other bytes are left as they are.
    package func decode(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            guard byte == escape else {
                decoded.append(byte)
                continue
            }
            guard let high = iterator.next()?.hexDigitValue, let low = iterator.next()?.hexDigitValue else { return nil }
            decoded.append(high << 4 | low)
        }
        return decoded
    }

    /// Decodes a text. Returns nil if ``decode(_:)`` does, or if the result is not UTF-8.
    package func decodeUTF8(_ bytes: some Sequence<UInt8>) -> String? {
        decode(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    }
}
