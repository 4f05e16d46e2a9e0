// SPDX-License-Identifier: Apache-2.0

extension Tag {
    /// The `tagging` field: S3's `<Tagging>` document.
    static func document(_ tags: [Tag]) -> String {
        let set = tags.map { "<Tag><Key>\(escaped($0.key))</Key><Value>\(escaped($0.value))</Value></Tag>" }
        return "<Tagging><TagSet>\(set.joined())</TagSet></Tagging>"
    }

    private static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&apos;".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
