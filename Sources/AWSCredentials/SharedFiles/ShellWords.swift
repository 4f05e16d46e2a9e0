// SPDX-License-Identifier: Apache-2.0

extension String {
    private enum ShellState {
        case betweenWords
        case word
        case quoted(by: Unicode.Scalar)
        /// After a backslash; `by` is the enclosing quotation mark, if there is one.
        case escaped(by: Unicode.Scalar?)
    }

    /// The words into which a POSIX shell would split the text, without expansion. Works like Python's `shlex.split`, which
    /// botocore uses for section names and for `credential_process`. Words may be empty (`""`). Nil if a quotation is not
    /// closed, or if nothing follows a backslash.
    var shellWords: [String]? {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var state = ShellState.betweenWords
        for scalar in unicodeScalars {
            switch state {
            case .betweenWords, .word:
                switch scalar {
                case " ", "\t", "\r", "\n":
                    if case .word = state { words.append(String(word)) }
                    word = String.UnicodeScalarView()
                    state = .betweenWords
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
        case .betweenWords: return words
        case .word: return words + [String(word)]
        case .quoted, .escaped: return nil
        }
    }
}
