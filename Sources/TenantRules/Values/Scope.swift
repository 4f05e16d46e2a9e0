// SPDX-License-Identifier: Apache-2.0

/// A scope token (RFC 6749 §3.3): visible ASCII without `"` and `\`.
enum Scope {
    static func parse(_ text: String) throws(Complaint) -> String {
        let isScope = text.utf8.allSatisfy { ASCII.isVisible($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard isScope, !text.isEmpty, text.utf8.count <= 256 else {
            throw Complaint("\(text.quoted) is not a scope", "write one word: uploads:write")
        }
        return text
    }
}
