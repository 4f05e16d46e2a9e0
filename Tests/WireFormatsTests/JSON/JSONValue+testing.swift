// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension JSONValue {
    /// The number 1 as the reader makes it.
    static var one: JSONNumber {
        guard case .number(let number) = try? JSONValue(parsing: [UInt8(ascii: "1")]) else {
            preconditionFailure("1 is a number")
        }
        return number
    }
}

/// What is wrong with a text; nil where it is accepted.
func problem(of text: String, maximumDepth: Int = 32) -> JSONSyntaxError.Problem? {
    problem(of: Array(text.utf8), maximumDepth: maximumDepth)
}

/// What is wrong with a text; nil where it is accepted.
func problem(of bytes: [UInt8], maximumDepth: Int = 32) -> JSONSyntaxError.Problem? {
    do throws(JSONSyntaxError) {
        _ = try JSONValue(parsing: bytes, maximumDepth: maximumDepth)
        return nil
    } catch {
        return error.problem
    }
}
