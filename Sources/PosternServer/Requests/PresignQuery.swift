// SPDX-License-Identifier: Apache-2.0

package import UploadRules
import WireFormats

/// The members of a query, as HTML forms encode them (URL Standard §5.1): `name=value&name=value`, with `+` for a space.
private struct QueryMembers {
    private var members: [(name: String, value: String)] = []

    /// The rule's parameters, of which there are at most 16, and all others have less than that.
    static let maximumCount = 32

    /// - Throws: `invalid-request` for too many members, a member that is there twice, and bytes that are not percent-encoded UTF-8
    init(_ query: String) throws(ProblemDetails) {
        for member in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard members.count < Self.maximumCount else {
                throw ProblemDetails(.invalidRequest, detail: "A query has at most \(Self.maximumCount) members; send fewer.")
            }
            let pair = member.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(pair[0]), let value = pair.count == 2 ? Self.decoded(pair[1]) : "" else {
                throw ProblemDetails(
                    .invalidRequest,
                    detail:
                        "Member \(members.count + 1) of the query is not percent-encoded UTF-8; encode names and values, as URLSearchParams does."
                )
            }
            guard !members.contains(where: { $0.name.hasSameBytes(as: name) }) else {
                throw ProblemDetails(
                    .invalidRequest, detail: "The query member \(Self.quoted(name)) is there twice; send it once.")
            }
            members.append((name, value))
        }
    }

    /// Removes a member and returns its value; nil if there is none.
    mutating func take(_ name: String) -> String? {
        members.firstIndex { $0.name.hasSameBytes(as: name) }.map { members.remove(at: $0).value }
    }

    /// Removes the members whose names begin with `prefix`, and returns them without it.
    mutating func take(prefix: String) -> [(String, String)] {
        func isTaken(_ member: (name: String, value: String)) -> Bool { member.name.utf8.starts(with: prefix.utf8) }
        let taken = members.filter(isTaken).map {
            (String(decoding: $0.name.utf8.dropFirst(prefix.utf8.count), as: UTF8.self), $0.value)
        }
        members.removeAll(where: isTaken)
        return taken
    }

    /// - Throws: `invalid-request` if there is a member that was not taken
    func rejectUnknownMembers(allowed: [String]) throws(ProblemDetails) {
        guard let unknown = members.first else { return }
        throw ProblemDetails(
            .invalidRequest,
            detail:
                "Unknown query member \(Self.quoted(unknown.name)); POST /v1/tickets has members that this path does not have.",
            extras: [.strings("allowed", allowed)])
    }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        PercentEncoding.component.decodeUTF8(text.lazy.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
    }

    private static func quoted(_ name: String) -> String { JSONWriter.quoted(String(name.prefix(40))) }
}

extension UploadRequest {
    /// The numbers of bytes that a request can name: those that every reader of JSON has exactly (RFC 8259 §6).
    static let sizes = 0...(1 << 53)

    /// Reads the query of `GET /v1/presign`. Unknown members are refused, as in JSON.
    /// - Throws: `invalid-request` with the member's name and what to send
    package init(query: String) throws(ProblemDetails) {
        var members = try QueryMembers(query)
        let names = ["filename", "type", "rule", "size", "user"]
        let values = names.map { members.take($0) }
        let parameters = members.take(prefix: "parameters.")
        try members.rejectUnknownMembers(allowed: names + ["parameters.NAME"])
        var size: Int?
        if let text = values[3] {
            guard let bytes = try? WholeNumber.parse(text, what: "a size", example: "48213"), Self.sizes.contains(bytes) else {
                throw ProblemDetails(.invalidRequest, detail: "The query member 'size' must be a whole number of bytes.")
            }
            size = bytes
        }
        self.init(
            rule: values[2], filename: values[0], contentType: values[1] ?? "", size: size, user: values[4],
            parameters: parameters)
    }
}
