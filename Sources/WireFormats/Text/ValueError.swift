// SPDX-License-Identifier: Apache-2.0

/// Why a value is wrong, and what to write instead; the reader of the file adds the position.
package struct ValueError: Error, Hashable {
    package let message: String
    private let otherwise: String
    private let suggestion: Suggestion?

    package init(_ message: String, _ advice: String) {
        self.message = message
        otherwise = advice
        suggestion = nil
    }

    /// An error about a word that may be a misspelling of one of several.
    /// - Parameters:
    ///   - advice: what to write if none of them is similar
    ///   - suggestion: searched for when ``advice(suggesting:)`` is called, since it takes time
    package init(_ message: String, suggesting suggestion: Suggestion, else advice: String) {
        self.message = message
        otherwise = advice
        self.suggestion = suggestion
    }

    /// What to write instead.
    package var advice: String { advice(suggesting: true) }

    /// What to write instead.
    /// - Parameter looks: whether to search for a similar word
    package func advice(suggesting looks: Bool) -> String {
        guard looks, let suggestion, let word = suggestion.nearest else { return otherwise }
        return "did you mean \(word)?"
    }

    /// Whether ``advice(suggesting:)`` searches for a similar word.
    package var looksForSuggestion: Bool { suggestion != nil }

    /// A word, and those that may have been meant.
    package struct Suggestion: Hashable, Sendable {
        private let word: String
        private let candidates: [String]
        private let quote: (String, String)

        /// - Parameter quote: the text before and after the word in the advice
        package init(for word: String, in candidates: [String], between quote: (String, String) = ("", "")) {
            self.word = word
            self.candidates = candidates
            self.quote = quote
        }

        fileprivate var nearest: String? {
            word.closestMatch(in: candidates).map { quote.0 + $0 + quote.1 }
        }

        package static func == (left: Self, right: Self) -> Bool {
            left.word == right.word && left.candidates == right.candidates && left.quote == right.quote
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(word)
        }
    }
}
