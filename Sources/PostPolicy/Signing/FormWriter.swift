// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Writes a form and its policy document at once: each field is added to both in the same step, so neither can contain a field
/// that the other lacks.
struct FormWriter: ~Copyable {
    private var fields: [FormField] = []
    private var json: JSONWriter

    /// Begins a form and its document.
    /// - Parameters:
    ///   - expiration: when the policy ends, in ISO 8601.
    ///   - fieldCount: how many fields to reserve room for.
    init(expiration: String, fieldCount: Int) {
        fields.reserveCapacity(fieldCount)
        // Enough for most documents.
        json = JSONWriter(capacity: 1024)
        json.beginObject()
        json.member("expiration", expiration)
        json.key("conditions")
        json.beginArray()
    }

    /// Adds a field and the condition that it has exactly this value.
    mutating func add(_ field: FormField) {
        json.beginObject()
        json.member(field.name, field.value)
        json.endObject()
        fields.append(field)
    }

    /// Adds the condition on the file's size, and returns the fields in their order and the document.
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
