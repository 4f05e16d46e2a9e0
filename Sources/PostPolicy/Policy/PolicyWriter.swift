// SPDX-License-Identifier: Apache-2.0
import StrictJSON

/// Writes policy documents.
enum PolicyWriter {
    /// `{"expiration":…,"conditions":[{"key":…},…,["content-length-range",min,max]]}` with one exact condition for each
    /// field, in order.
    static func json(fields: [FormField], contentLength: ClosedRange<Int>, expiration: String) -> [UInt8] {
        // Room for what stands around the values, so that the bytes are allocated once.
        var writer = JSONWriter(
            capacity: fields.reduce(128) { $0 + $1.name.utf8.count + $1.value.utf8.count + 8 }
        )
        writer.beginObject()
        writer.key("expiration")
        writer.string(expiration)
        writer.key("conditions")
        writer.beginArray()
        for field in fields {
            writer.beginObject()
            writer.key(field.name)
            writer.string(field.value)
            writer.endObject()
        }
        writer.beginArray()
        writer.string("content-length-range")
        writer.int(contentLength.lowerBound)
        writer.int(contentLength.upperBound)
        writer.endArray()
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}
