// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Writes a form and its policy document in one go: each field goes into both in the same step, so neither can hold what the
/// other lacks.
struct FormWriter: ~Copyable {
    private var fields: [FormField] = []
    private var json: JSONWriter

    /// Begins a form and its document.
    /// - Parameters:
    ///   - expiration: when the policy ends, as ISO 8601 writes it.
    ///   - fieldCount: how many fields to make room for.
    init(expiration: String, fieldCount: Int) {
        fields.reserveCapacity(fieldCount)
        // What most documents take; a longer one makes the room grow.
        json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.member("expiration", expiration)
        json.key("conditions")
        json.beginArray()
    }

    /// Adds a field, and the condition that it has exactly this value.
    mutating func add(_ field: FormField) {
        json.beginObject()
        json.member(field.name, field.value)
        json.endObject()
        fields.append(field)
    }

    /// Adds the condition on the file's size, and hands out the fields in their order and the document.
    consuming func finish(contentLength: ClosedRange<Int>) -> (fields: [FormField], json: [UInt8]) {
        json.beginArray()
        json.string("content-length-range")
        json.int(contentLength.lowerBound)
        json.int(contentLength.upperBound)
        json.endArray()
        json.endArray()
        json.endObject()
        return (fields, json.finish())
    }
}
