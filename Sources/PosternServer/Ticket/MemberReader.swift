// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Takes the members of a request's object one by one, and then refuses what is left.
struct MemberReader {
    private let object: JSONObject
    private var known: [String] = []
    private var taken = 0

    init(_ object: JSONObject) {
        self.object = object
        // Enough for every request: one allocation.
        known.reserveCapacity(8)
    }

    mutating func string(_ name: String) throws(ProblemDetails) -> String? {
        switch take(name) {
        case nil: return nil
        case .string(let text): return text
        default: throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be a string.")
        }
    }

    /// A number of bytes, 0 to 2^53.
    mutating func size(_ name: String) throws(ProblemDetails) -> Int? {
        guard let value = take(name) else { return nil }
        guard case .number(let number) = value, let bytes = number.integer, (0...(1 << 53)).contains(bytes) else {
            throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be a whole number of bytes.")
        }
        return bytes
    }

    /// An object whose values are strings.
    mutating func stringMap(_ name: String) throws(ProblemDetails) -> [(String, String)] {
        guard let value = take(name) else { return [] }
        guard case .object(let object) = value else {
            throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be an object of strings.")
        }
        var pairs: [(String, String)] = []
        for (key, value) in object.members {
            guard case .string(let text) = value else {
                throw ProblemDetails(.invalidRequest, detail: "Each value in '\(name)' must be a string.")
            }
            pairs.append((key, text))
        }
        return pairs
    }

    mutating func array(_ name: String) throws(ProblemDetails) -> [JSONValue]? {
        switch take(name) {
        case nil: return nil
        case .array(let values): return values
        default: throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be an array.")
        }
    }

    /// - Throws: `invalid-request` where the object has a member that was not asked for.
    func refuseOthers() throws(ProblemDetails) {
        guard object.members.count > taken else { return }
        let unknown = object.members.first { member in !known.contains { $0.hasSameBytes(as: member.name) } }
        guard let unknown else { return }
        throw ProblemDetails(
            .invalidRequest,
            detail: "The member \(JSONWriter.quoted(String(unknown.name.prefix(40)))) is not known here.",
            extras: [.strings("allowed", known)]
        )
    }

    private mutating func take(_ name: String) -> JSONValue? {
        known.append(name)
        guard let value = object[name] else { return nil }
        taken += 1
        return value
    }
}
