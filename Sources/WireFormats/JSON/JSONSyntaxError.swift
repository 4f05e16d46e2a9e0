// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON as RFC 8259 defines it, and where.
package struct JSONSyntaxError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of error.
    package let problem: Problem
    /// The line, counted from 1.
    package let line: Int
    /// The byte in that line, counted from 1.
    package let byte: Int

    /// A plain sentence with the place, e.g. `line 1, byte 17: the member "size" appears twice`.
    package var description: String {
        "line \(line), byte \(byte): \(problem)"
    }

    /// The kinds of errors of a JSON text.
    package enum Problem: Sendable, Equatable, CustomStringConvertible {
        case emptyText
        case byteOrderMark
        case textEndsEarly
        case trailingBytes
        case expected(Expectation)
        case malformedNumber
        case malformedEscape
        case loneSurrogate
        case unescapedControl(UInt8)
        case invalidUTF8
        case duplicateMember(String)
        case tooDeep(maximum: Int)
    }

    /// What is expected at a place.
    package enum Expectation: String, Sendable {
        case value = "a value"
        case memberName = "a member name in double quotes"
        case colon = "':' after the member name"
        case commaOrBrace = "',' or '}'"
        case commaOrBracket = "',' or ']'"
    }

    init(_ problem: Problem, at position: Int, in bytes: Span<UInt8>) {
        var line = 1
        var byte = 1
        for index in 0..<min(position, bytes.count) {
            if bytes[index] == UInt8(ascii: "\n") {
                line += 1
                byte = 1
            } else {
                byte += 1
            }
        }
        self.problem = problem
        self.line = line
        self.byte = byte
    }
}

extension JSONSyntaxError.Problem {
    /// The sentence without the place.
    package var description: String {
        switch self {
        case .emptyText: "there is no JSON value"
        case .byteOrderMark: "a byte order mark is not allowed"
        case .textEndsEarly: "the text ends before the value does"
        case .trailingBytes: "nothing may follow the value"
        case .expected(let expectation): "\(expectation.rawValue) is expected here"
        case .malformedNumber: "this is not a number as JSON writes it"
        case .malformedEscape: "this is not an escape that JSON knows"
        case .loneSurrogate: "a \\u escape names half of a surrogate pair"
        case .unescapedControl(let byte): "the control byte \(byte) must be escaped in a string"
        case .invalidUTF8: "the string is not valid UTF-8"
        case .duplicateMember(let name): "the member \(JSONWriter.quoted(name)) appears twice"
        case .tooDeep(let maximum): "values are nested more than \(maximum) deep"
        }
    }
}
