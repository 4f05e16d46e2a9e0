// SPDX-License-Identifier: Apache-2.0

/// Gathers an object's members and refuses a name that is there twice.
struct JSONMembers {
    private(set) var list: [(name: String, value: JSONValue)] = []
    /// Only kept for large objects: comparing each name with each other would let a 256 KiB body cost seconds.
    private var names: Set<ExactString> = []
    private static let scanned = 16

    /// - Returns: false where the name is there already.
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
