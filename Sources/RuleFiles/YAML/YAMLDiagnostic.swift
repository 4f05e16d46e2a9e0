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
        UInt8(ascii: "&"): ("anchors (&) are not supported", "write the value out wherever it is needed"),
        UInt8(ascii: "*"): (
            "aliases (*) are not supported", "write the value out, in quotes if it begins with “*”"
        ),
        UInt8(ascii: "!"): ("tags (!) are not supported", "write the plain value, in quotes if it begins with “!”"),
        UInt8(ascii: "?"): ("“?” begins a complex key", "write the key in front of its “:”, or put the value in quotes"),
        UInt8(ascii: "%"): ("directives (%) are not supported", "remove the line"),
    ]

    private static let unclosedQuote = ("this quote is never closed", "close it on the same line")
    private static let blockHeader = (
        "the header of this block text is not valid", "write | or > alone at the end of the line"
    )

    private static let words: [String: (message: String, advice: String)] = [
        "mapping values are not allowed in this context": (
            "a “:” is not allowed here",
            "indent the line like those around it, add the “:” that is missing above, or put a value that contains “: ” in quotes"
        ),
        "could not find expected ':'": ("a key without “:”", "write “key: value”"),
        "did not find expected key": (
            "this line belongs to no mapping above it",
            "indent it like the lines around it, and put values with special characters in quotes"
        ),
        "did not find expected '-' indicator": (
            "this line belongs to no list above it", "begin every item with “- ” in the same column"
        ),
        "block sequence entries are not allowed in this context": (
            "no list item can begin here", "begin the list on the next line, or write [a, b]"
        ),
        "did not find expected ',' or ']'": ("a list in [ ] is not closed, or a comma is missing", "write [a, b, c]"),
        "did not find expected ',' or '}'": ("a mapping in { } is not closed, or a comma is missing", "write {a: b, c: d}"),
        "found unexpected ':'": ("this “:” needs a space after it", "write “: ”, or put the text in quotes"),
        "found unexpected end of stream": unclosedQuote,
        "found unexpected document indicator": unclosedQuote,
        "found unknown escape character": (
            "this backslash escape does not exist", "write the text in single quotes, where a backslash is not special"
        ),
        "found an indentation indicator equal to 0": blockHeader,
        "did not find expected comment or line break": blockHeader,
        "found character that cannot start any token": ("no value can begin with", "put the value in quotes"),
        "did not find expected <document start>": (
            "this line comes after the end of the document", "indent it like the lines around it"
        ),
    ]
}
