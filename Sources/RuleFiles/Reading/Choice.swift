// SPDX-License-Identifier: Apache-2.0

import WireFormats

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
