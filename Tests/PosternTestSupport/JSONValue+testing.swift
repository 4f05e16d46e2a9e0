// SPDX-License-Identifier: Apache-2.0

package import WireFormats

extension JSONValue {
    /// Returns a member of an object, or nil if there is none or this is no object.
    package subscript(name: String) -> JSONValue? {
        if case .object(let object) = self { object[name] } else { nil }
    }

    /// The names of an object's members, in order; nil if this is no object.
    package var names: [String]? {
        if case .object(let object) = self { object.members.map(\.name) } else { nil }
    }

    /// The elements of an array; nil if this is no array.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string; nil if this is no string.
    package var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The value of an integral number; nil if this is none.
    package var integer: Int? {
        if case .number(let number) = self { number.integer } else { nil }
    }

    /// The value as compact JSON.
    package var written: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    private func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .bool(let value): writer.bool(value)
        case .number(let number): writer.raw(number.literal.utf8)
        case .string(let value): writer.string(value)
        case .array(let elements):
            writer.beginArray()
            for element in elements { element.write(to: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for member in object.members {
                writer.key(member.name)
                member.value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}
