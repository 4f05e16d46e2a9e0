// SPDX-License-Identifier: Apache-2.0

/// What of a form's text can stand in a header: a form's names and values may hold any character, line breaks among them.
enum HeaderText {
    /// Whether the text is a token (RFC 9110 §5.6.2).
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default:
                    "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// The text with a space for every control character but the tab (RFC 9110 §5.5).
    static func value(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }
}
