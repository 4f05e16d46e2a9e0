// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Names of tenants, rules and API keys.
package enum Identifier {
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

    package static func isValid(_ text: String, underscores: Bool = false) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 63, first.isASCIILowercase || first.isASCIIDigit else { return false }
        return bytes.allSatisfy {
            $0.isASCIILowercase || $0.isASCIIDigit || $0 == UInt8(ascii: "-") || (underscores && $0 == UInt8(ascii: "_"))
        }
    }
}

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

/// One of a fixed set of words.
enum Choice {
    static func parse(_ text: String, of choices: [String], what: String) throws(ValueError) -> String {
        if let found = choices.first(where: { $0.utf8.elementsEqual(text.utf8) }) { return found }
        let message = "\(text.quoted) is not \(what)"
        let advice = "write \(choices.count > 1 ? "one of " : "")\(choices.joined(separator: ", "))"
        guard choices.count > 3 else { throw ValueError(message, advice) }
        throw ValueError(message, suggesting: .init(for: text, in: choices), else: advice)
    }

    static func parse<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String, as type: Word.Type, what: String
    ) throws(ValueError) -> Word {
        let raw = try parse(text, of: type.allCases.map(\.rawValue), what: what)
        guard let word = Word(rawValue: raw) else { throw ValueError("\(text.quoted) is not \(what)", "") }
        return word
    }
}
