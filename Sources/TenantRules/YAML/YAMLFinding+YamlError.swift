// SPDX-License-Identifier: Apache-2.0

import Yams

extension YAMLFinding {
    /// A syntax error of Yams in this project's words.
    init(_ error: any Error) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _), YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            // libyaml notices a missing colon only in the next line; the context is where the key stands.
            let mark = problem.hasPrefix("could not find expected ':'") ? context?.mark ?? mark : mark
            var (message, advice) = Self.plain(problem)
            if problem.hasPrefix("did not find expected ',' or"), let start = context?.mark {
                message += " (it begins at \(start.line):\(start.column))"
            }
            self.init(position: YAMLPosition(line: mark.line, column: mark.column), message: message, advice: advice)
        default:
            self.init(
                position: .start,
                message: "the file cannot be read as YAML",
                advice: "check its indentation, quotes and brackets"
            )
        }
    }

    private static func plain(_ problem: String) -> (message: String, advice: String) {
        switch problem {
        case "mapping values are not allowed in this context":
            (
                "no “:” can stand here",
                "indent the line like its neighbours, add a “:” that is missing above, or put a value with “: ” in quotes"
            )
        case "could not find expected ':'":
            ("a key without “:”", "write “key: value”")
        case "did not find expected key":
            ("this line fits no mapping above it", "indent it like its neighbours, and put special characters in quotes")
        case "did not find expected '-' indicator":
            ("this line fits no list above it", "begin every item with “- ” in the same column")
        case "block sequence entries are not allowed in this context":
            ("no list item can begin here", "begin the list on the next line, or write [a, b]")
        case "did not find expected ',' or ']'":
            ("a list in [ ] is not closed, or a comma is missing", "write [a, b, c]")
        case "did not find expected ',' or '}'":
            ("a mapping in { } is not closed, or a comma is missing", "write {a: b, c: d}")
        case "found unknown escape character":
            ("this backslash escape does not exist", "write the text in single quotes, where a backslash is itself")
        case "did not find expected <document start>":
            ("this follows what was already a whole document", "indent it like its neighbours")
        default:
            ("not YAML: \(problem)", "check indentation, quotes and brackets")
        }
    }
}
