// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A scope token (RFC 6749 §3.3): visible ASCII without `"` and `\`.
enum Scope {
    static func parse(_ text: String) throws(ValueError) -> String {
        let isScope = text.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard isScope, !text.isEmpty, text.utf8.count <= 256 else {
            throw ValueError("\(text.quoted) is not a scope", "write one word: uploads:write")
        }
        return text
    }
}
