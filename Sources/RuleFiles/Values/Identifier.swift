// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The names that tenants, rules and API keys have.
enum Identifier {
    /// `[a-z0-9][a-z0-9-]{0,62}`; with `underscores` also `_` after the first character.
    static func parse(_ text: String, what: String, underscores: Bool = false) throws(ValueError) -> String {
        guard isValid(text, underscores: underscores) else {
            let characters = underscores ? "a-z, 0-9, “-” and “_”" : "a-z, 0-9 and “-”"
            throw ValueError(
                "\(text.quoted) is not \(what)",
                "write 1 to 63 of \(characters), beginning with a letter or digit"
            )
        }
        return text
    }

    static func isValid(_ text: String, underscores: Bool = false) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 63, first.isASCIILowercase || first.isASCIIDigit else { return false }
        return bytes.allSatisfy {
            $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || (underscores && $0 == UInt8(ascii: "_"))
        }
    }
}
