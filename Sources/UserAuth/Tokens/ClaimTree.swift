// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// The claims of a token that is made up.
package indirect enum ClaimTree: Sendable {
    case text(String)
    case number(Int)
    /// A JSON value.
    case raw(String)
    case list([ClaimTree])
    case object([(name: String, value: ClaimTree)])

    package static let empty = ClaimTree.object([])

    /// The value of a claim; nil if there is none.
    package subscript(path: ClaimPath) -> ClaimTree? {
        var value: ClaimTree? = self
        for name in path.names {
            guard case .object(let members)? = value else { return nil }
            value = members.first { $0.name.hasSameBytes(as: name) }?.value
        }
        return value
    }

    /// Sets a claim. A value on the path to it that is no object is replaced.
    package mutating func set(_ path: ClaimPath, _ value: ClaimTree) {
        set(path.names[...], value)
    }

    /// Sets a claim that is not there.
    /// - Returns: whether the claim has the value now: false if it has another one, or if a part of its path is no object
    @discardableResult
    package mutating func add(_ path: ClaimPath, _ value: ClaimTree) -> Bool {
        if let known = self[path] { return known.json == value.json }
        var place: ClaimTree? = self
        for name in path.names.dropLast() {
            place = place?[ClaimPath(name)]
            guard let inner = place else { break }
            guard case .object = inner else { return false }
        }
        set(path, value)
        return true
    }

    package mutating func remove(_ path: ClaimPath) {
        guard case .object(var members) = self else { return }
        guard let place = members.firstIndex(where: { $0.name.hasSameBytes(as: path.first) }) else { return }
        if let next = path.rest.first {
            members[place].value.remove(ClaimPath(next, Array(path.rest.dropFirst())))
        } else {
            members.remove(at: place)
        }
        self = .object(members)
    }

    private mutating func set(_ names: ArraySlice<String>, _ value: ClaimTree) {
        guard let name = names.first else {
            self = value
            return
        }
        var members: [(name: String, value: ClaimTree)] = if case .object(let members) = self { members } else { [] }
        if let place = members.firstIndex(where: { $0.name.hasSameBytes(as: name) }) {
            members[place].value.set(names.dropFirst(), value)
        } else {
            var child = ClaimTree.empty
            child.set(names.dropFirst(), value)
            members.append((name, child))
        }
        self = .object(members)
    }

    package var json: [UInt8] {
        var json = JSONWriter()
        write(to: &json)
        return json.finish()
    }

    package func write(to json: inout JSONWriter) {
        switch self {
        case .text(let text): json.string(text)
        case .number(let number): json.int(number)
        case .raw(let text): json.raw(text.utf8)
        case .list(let items):
            json.beginArray()
            for item in items { item.write(to: &json) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            for member in members {
                json.key(member.name)
                member.value.write(to: &json)
            }
            json.endObject()
        }
    }
}
