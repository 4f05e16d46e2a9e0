// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension UploadRule {
    /// S3's limit, in bytes of UTF-8.
    private static let longestKey = 1024
    /// Longer names of users are refused by token checks too.
    private static let longestUser = 256

    /// Builds the whole key. What the templates promise is checked once more on the finished bytes.
    func key(_ values: KeyTemplate.Values) throws(Refusal) -> String {
        if keyPrefix.usesUser || keyName.usesUser {
            guard let user = values.user else { throw .userRequired }
            guard !user.isEmpty else { throw .invalid("\"user\" is empty; name a user.") }
            guard user.utf8.count <= Self.longestUser else {
                throw .invalid("\"user\" is longer than \(Self.longestUser) bytes; send a shorter one.")
            }
        }
        guard values.uuid.allBytes({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") }) else {
            // The caller's own mistake, not the client's.
            throw .invalid("No safe key can be built for this request.")
        }
        var key: [UInt8] = []
        key.reserveCapacity(128)
        keyPrefix.render(values, into: &key)
        keyName.render(values, into: &key)
        guard key.count <= Self.longestKey else { throw .keyTooLong }
        guard key.starts(with: keyPrefix.leadingBytes), Self.isOrderly(key) else {
            // No request leads here: templates are checked when they are read, placeholders cannot yield such bytes.
            throw .invalid("No safe key can be built for this request.")
        }
        return String(decoding: key, as: UTF8.self)
    }

    /// No `$`, `{`, `}` or control; no segment that is empty, `.` or `..`.
    private static func isOrderly(_ key: [UInt8]) -> Bool {
        var length = 0
        var dots = 0
        for byte in key {
            switch byte {
            case UInt8(ascii: "/"):
                if length == dots, length <= 2 { return false }
                length = 0
                dots = 0
                continue
            case UInt8(ascii: "$"), UInt8(ascii: "{"), UInt8(ascii: "}"), 0..<0x20, 0x7F:
                return false
            case UInt8(ascii: "."):
                dots += 1
            default:
                break
            }
            length += 1
        }
        return !(length == dots && length <= 2)
    }
}
