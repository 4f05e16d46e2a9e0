// SPDX-License-Identifier: Apache-2.0

/// A JSON value as RFC 8259 defines it, read by ``init(parsing:maximumDepth:)``.
///
/// Equality is byte-exact: two strings are equal if their UTF-8 is, not if they are canonically equivalent in Unicode.
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue: Equatable {
    package static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left == right
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)): left == right
        case (.object(let left), .object(let right)): left == right
        default: false
        }
    }
}

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

/// Collects an object's members, and refuses a repeated name.
struct JSONMembers {
    private(set) var list: [(name: String, value: JSONValue)] = []
    /// Only for large objects: comparing all pairs of names would take seconds for a body of 256 KiB.
    private var names: Set<ExactString> = []
    private static let scanned = 16

    /// - Returns: false if there is a member of that name.
    mutating func append(_ name: String, _ value: JSONValue) -> Bool {
        if list.count < Self.scanned {
            for member in list where member.name.hasSameBytes(as: name) { return false }
        } else {
            if names.isEmpty { names = Set(list.map { ExactString($0.name) }) }
            guard names.insert(ExactString(name)).inserted else { return false }
        }
        if list.isEmpty { list.reserveCapacity(8) }
        list.append((name, value))
        return true
    }
}

extension JSONValue {
    /// The largest `maximumDepth` for which a thread's stack is sufficient.
    package static let maximumNesting = 512

    /// Parses exactly one JSON value (RFC 8259), and refuses text that only some parsers accept.
    ///
    /// It refuses syntax errors and also: a member name that appears twice in an object (byte for byte after unescaping), an
    /// unpaired surrogate, invalid UTF-8, a byte order mark, anything but white space after the value, and nesting deeper than
    /// `maximumDepth`.
    /// - Parameters:
    ///   - bytes: the text as UTF-8.
    ///   - maximumDepth: how many arrays and objects may be open at once; ``maximumNesting`` at most.
    package init(parsing bytes: Span<UInt8>, maximumDepth: Int = 32) throws(JSONSyntaxError) {
        self = try JSONParser.parse(bytes, maximumDepth: maximumDepth).get()
    }

    /// The same for an array.
    package init(parsing bytes: [UInt8], maximumDepth: Int = 32) throws(JSONSyntaxError) {
        try self.init(parsing: bytes.span, maximumDepth: maximumDepth)
    }
}
