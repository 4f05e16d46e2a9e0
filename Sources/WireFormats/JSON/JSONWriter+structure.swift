// SPDX-License-Identifier: Apache-2.0

/// Objects and arrays with closures, so that brackets balance by construction, and members of each type of value.
///
/// For documents that are not written for each request: there, ``beginObject()`` and the like save calls.
extension JSONWriter {
    /// Makes the bytes of an object.
    /// - Parameters:
    ///   - capacity: how many bytes to reserve.
    ///   - members: writes the members.
    package static func object(capacity: Int = 256, _ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: capacity)
        json.object(members)
        return json.finish()
    }

    /// Writes an object as a value.
    /// - Parameter members: writes the members.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        beginObject()
        members(&self)
        endObject()
    }

    /// Writes a member with an object as its value.
    package mutating func object(_ name: String, _ members: (inout JSONWriter) -> Void) {
        key(name)
        object(members)
    }

    /// Writes a member with an array as its value.
    /// - Parameters:
    ///   - elements: what the array is made from.
    ///   - element: writes one value for one element.
    package mutating func array<Elements: Sequence>(
        _ name: String, of elements: Elements, _ element: (inout JSONWriter, Elements.Element) -> Void
    ) {
        key(name)
        beginArray()
        for value in elements { element(&self, value) }
        endArray()
    }

    /// Writes a member with a string as its value, `null` for nil.
    package mutating func member(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    /// Writes a member with an integer as its value.
    package mutating func member(_ name: String, _ value: Int) {
        key(name)
        int(value)
    }

    /// Writes a member with an integer as its value, `null` for nil.
    package mutating func member(_ name: String, _ value: Int?) {
        key(name)
        if let value { int(value) } else { null() }
    }

    /// Writes a member with `true` or `false` as its value.
    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// Writes a member with an array of strings as its value.
    package mutating func member(_ name: String, _ values: [String]) {
        array(name, of: values) { $0.string($1) }
    }

    /// Writes a member with an array of strings as its value, with `null` for nil.
    package mutating func member(_ name: String, _ values: [String?]) {
        array(name, of: values) { json, value in
            if let value { json.string(value) } else { json.null() }
        }
    }
}
