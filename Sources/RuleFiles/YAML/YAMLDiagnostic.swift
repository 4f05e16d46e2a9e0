// SPDX-License-Identifier: Apache-2.0

/// A problem of the YAML itself.
struct YAMLDiagnostic: Error, Sendable, Hashable {
    let position: YAMLPosition
    let message: String
    let advice: String

    init(_ position: YAMLPosition, _ message: String, _ advice: String) {
        self.position = position
        self.message = message
        self.advice = advice
    }

    /// Returns the diagnostic for a feature of YAML that is not supported, by its first character; nil for other characters.
    static func refused(_ indicator: UInt8, at position: YAMLPosition) -> YAMLDiagnostic? {
        refusals[indicator].map { YAMLDiagnostic(position, $0.message, $0.advice) }
    }

    /// Returns the diagnostic for a syntax error.
    ///
    /// - Parameters:
    ///   - problem: libyaml's message.
    ///   - place: Where libyaml found it.
    ///   - character: The character there.
    ///   - start: The start of the token or collection that libyaml was reading.
    static func syntax(_ problem: String, at place: YAMLPosition, character: UInt8, start: YAMLPosition) -> YAMLDiagnostic {
        let (message, advice) = words[problem] ?? ("not YAML: \(problem)", "check indentation, quotes and brackets")
        return switch problem {
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            YAMLDiagnostic(place, "\(message) (it begins at \(start.line):\(start.column))", advice)
        case "found character that cannot start any token":
            YAMLDiagnostic(place, "\(message) “\(Character(Unicode.Scalar(character)))”", advice)
        case "could not find expected ':'", "found unexpected end of stream", "found unexpected document indicator",
            "found an indentation indicator equal to 0", "did not find expected comment or line break":
            YAMLDiagnostic(start, message, advice)
        default:
            YAMLDiagnostic(place, message, advice)
        }
    }

    private static let refusals: [UInt8: (message: String, advice: String)] = [
        UInt8(ascii: "&"): ("there is an anchor (&)", "anchors are not read: write the value out where it is needed"),
        UInt8(ascii: "*"): (
            "there is an alias (*)", "aliases are not read: write the value out, in quotes if it begins with “*”"
        ),
        UInt8(ascii: "!"): ("there is a tag (!)", "tags are not read: write the plain value, in quotes if it begins with “!”"),
        UInt8(ascii: "?"): ("“?” begins a complex key", "write the key in front of its “:”, or put the value in quotes"),
        UInt8(ascii: "%"): ("directives (%) are not read", "remove the line"),
    ]

    private static let unclosedQuote = ("this quote is never closed", "close it on the same line")
    private static let blockHeader = (
        "this block text has an unreadable header", "write | or > alone at the end of the line"
    )

    private static let words: [String: (message: String, advice: String)] = [
        "mapping values are not allowed in this context": (
            "no “:” can stand here",
            "indent the line like its neighbours, add a “:” that is missing above, or put a value with “: ” in quotes"
        ),
        "could not find expected ':'": ("a key without “:”", "write “key: value”"),
        "did not find expected key": (
            "this line fits no mapping above it", "indent it like its neighbours, and put special characters in quotes"
        ),
        "did not find expected '-' indicator": (
            "this line fits no list above it", "begin every item with “- ” in the same column"
        ),
        "block sequence entries are not allowed in this context": (
            "no list item can begin here", "begin the list on the next line, or write [a, b]"
        ),
        "did not find expected ',' or ']'": ("a list in [ ] is not closed, or a comma is missing", "write [a, b, c]"),
        "did not find expected ',' or '}'": ("a mapping in { } is not closed, or a comma is missing", "write {a: b, c: d}"),
        "found unexpected ':'": ("this “:” needs a space behind it", "write “: ”, or put the text in quotes"),
        "found unexpected end of stream": unclosedQuote,
        "found unexpected document indicator": unclosedQuote,
        "found unknown escape character": (
            "this backslash escape does not exist", "write the text in single quotes, where a backslash is itself"
        ),
        "found an indentation indicator equal to 0": blockHeader,
        "did not find expected comment or line break": blockHeader,
        "found character that cannot start any token": ("no value can begin with", "put the value in quotes"),
        "did not find expected <document start>": (
            "this follows what was already a whole document", "indent it like its neighbours"
        ),
    ]
}
