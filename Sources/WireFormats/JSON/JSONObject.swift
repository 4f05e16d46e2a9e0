// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object in the order they were written; names are unique.
package struct JSONObject: Sendable {
    /// The members in the order of the text.
    package let members: [(name: String, value: JSONValue)]

    /// - Parameter members: with unique names, which the parser has checked
    init(unique members: [(name: String, value: JSONValue)]) {
        self.members = members
    }

    /// The value of the member with exactly these bytes as its name.
    package subscript(name: String) -> JSONValue? {
        members.first { $0.name.hasSameBytes(as: name) }?.value
    }
}

extension JSONObject: Equatable {
    /// Members are compared in order.
    package static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.elementsEqual(right.members) { $0.name.hasSameBytes(as: $1.name) && $0.value == $1.value }
    }
}
