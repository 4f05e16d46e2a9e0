// SPDX-License-Identifier: Apache-2.0

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
