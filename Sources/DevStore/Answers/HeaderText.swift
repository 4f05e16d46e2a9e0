// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// What of a form's text can stand in a header: a form's names and values may hold any character, line breaks among them.
enum HeaderText {
    /// Whether the text is a token (RFC 9110 §5.6.2).
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(ByteSet.token.contains)
    }

    /// The text with a space for every control character but the tab (RFC 9110 §5.5).
    static func value(_ text: String) -> String {
        String(decoding: text.utf8.map { $0.isASCIIControl && $0 != 0x09 ? 0x20 : $0 }, as: UTF8.self)
    }
}
