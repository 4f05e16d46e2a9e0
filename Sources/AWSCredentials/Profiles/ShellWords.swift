// SPDX-License-Identifier: Apache-2.0

/// Splits text into words as a POSIX shell does, without any expansion: Python's `shlex.split`, which botocore uses for the
/// names of sections and for `credential_process`.
package enum ShellWords {
    /// The text ends inside a quotation or behind a backslash.
    package struct Unfinished: Error, Sendable, Equatable {}

    private enum State {
        case between
        case word
        case quoted(by: Unicode.Scalar)
        /// After a backslash; `by` is the quotation it is in.
        case escaped(by: Unicode.Scalar?)
    }

    /// - Returns: the words, of which some may be empty (`""`)
    package static func split(_ text: String) throws(Unfinished) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var state = State.between
        for scalar in text.unicodeScalars {
            switch state {
            case .between, .word:
                switch scalar {
                case " ", "\t", "\r", "\n":
                    if case .word = state { words.append(String(word)) }
                    word = String.UnicodeScalarView()
                    state = .between
                case "\\": state = .escaped(by: nil)
                case "'", "\"": state = .quoted(by: scalar)
                default:
                    word.append(scalar)
                    state = .word
                }
            case .quoted(let quote):
                switch scalar {
                case quote: state = .word
                case "\\" where quote == "\"": state = .escaped(by: quote)
                default: word.append(scalar)
                }
            case .escaped(let quote):
                // Within quotes a backslash escapes only itself and the quote.
                if let quote, scalar != "\\", scalar != quote { word.append("\\") }
                word.append(scalar)
                state = quote.map { .quoted(by: $0) } ?? .word
            }
        }
        switch state {
        case .between: return words
        case .word: return words + [String(word)]
        case .quoted, .escaped: throw Unfinished()
        }
    }
}
