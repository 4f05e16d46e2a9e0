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

    /// The value as compact JSON.
    var written: [UInt8] {
        var writer = JSONWriter()
        write(into: &writer)
        return writer.bytes
    }

    private func write(into writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let number): writer.raw(number.literal.utf8)
        case .string(let value): writer.string(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(into: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for member in object.members {
                writer.key(member.name)
                member.value.write(into: &writer)
            }
            writer.endObject()
        }
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
