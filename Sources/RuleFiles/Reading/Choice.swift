// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One of a fixed set of words.
enum Choice {
    static func parse(_ text: String, of choices: [String], what: String) throws(ValueError) -> String {
        if let found = choices.first(where: { $0.hasSameBytes(as: text) }) { return found }
        let near = choices.count > 3 ? text.closestMatch(in: choices) : nil
        throw ValueError(
            "\(text.quoted) is not \(what)",
            near.map { "did you mean \($0)?" } ?? "write \(choices.count > 1 ? "one of " : "")\(choices.joined(separator: ", "))"
        )
    }

    static func parse<Word: RawRepresentable<String> & CaseIterable>(
        _ text: String, as type: Word.Type, what: String
    ) throws(ValueError) -> Word {
        let raw = try parse(text, of: type.allCases.map(\.rawValue), what: what)
        guard let word = Word(rawValue: raw) else { throw ValueError("\(text.quoted) is not \(what)", "") }
        return word
    }
}
