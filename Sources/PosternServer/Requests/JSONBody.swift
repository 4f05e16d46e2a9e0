// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
package import UploadRules
package import WireFormats

extension Request {
    /// Arrays and objects may nest this deep; a ticket request needs 2, a batch 4.
    private static let maximumDepth = 16

    /// Parses the body as JSON.
    /// - Throws: `unsupported-media-type` or `JSONSyntaxError`
    func json() throws -> JSONValue {
        try head.checkDeclaresJSON()
        return try body.withUnsafeReadableBytes { body in
            try JSONValue(parsing: body.bindMemory(to: UInt8.self).span, maximumDepth: Self.maximumDepth)
        }
    }
}

extension RequestHead {
    /// Checks that the head declares a JSON body. A page of another origin can send a form or plain text without a preflight,
    /// but not `application/json`.
    /// - Throws: `unsupported-media-type`
    func checkDeclaresJSON() throws(ProblemDetails) {
        var types = 0
        var isJSON = false
        for (name, value) in fields {
            if name.isField("content-type") {
                types += 1
                isJSON = Self.isJSON(value.trimmingWhitespace())
            } else if name.isField("content-encoding"), value.trimmingWhitespace().lowercased() != "identity" {
                // RFC 9110, section 15.5.16.
                throw ProblemDetails(.unsupportedMediaType, detail: "Send the body without a Content-Encoding.")
            }
        }
        if types == 1, isJSON { return }
        throw ProblemDetails(
            .unsupportedMediaType,
            detail: "Send the body with 'Content-Type: application/json'.",
            extras: [.strings("allowed", ["application/json"])]
        )
    }

    private static func isJSON(_ contentType: String) -> Bool {
        if contentType == "application/json" { return true }
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmingBlanks().lowercased() }
        return parts.first == "application/json"
            && parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
    }
}

extension Substring {
    /// Returns the text without spaces and tabs at its ends.
    func trimmingBlanks() -> Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

/// Reads the members of a request's object by name, and refuses those that were not read.
struct MemberReader {
    private let object: JSONObject
    /// The names of the objects around this one, each with a dot, for messages.
    private let path: String
    private var known: [String] = []
    private var found = 0

    init(_ object: JSONObject, at path: String = "") {
        self.object = object
        self.path = path
        // Enough for every request: one allocation.
        known.reserveCapacity(12)
    }

    mutating func string(_ name: String) throws(ProblemDetails) -> String? {
        switch member(name) {
        case nil: return nil
        case .string(let text): return text
        default: throw ProblemDetails(.invalidRequest, detail: "The member '\(path)\(name)' must be a string.")
        }
    }

    /// A number of bytes, 0 to 2^53.
    mutating func size(_ name: String) throws(ProblemDetails) -> Int? {
        guard let value = member(name) else { return nil }
        guard case .number(let number) = value, let bytes = number.integer, UploadRequest.sizes.contains(bytes) else {
            throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be a whole number of bytes.")
        }
        return bytes
    }

    /// An object whose values are strings; empty if the member is absent.
    mutating func stringMap(_ name: String) throws(ProblemDetails) -> [(String, String)] {
        guard let value = member(name) else { return [] }
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

    /// A reader of an object's members.
    mutating func members(_ name: String) throws(ProblemDetails) -> MemberReader? {
        switch member(name) {
        case nil: return nil
        case .object(let object): return MemberReader(object, at: "\(path)\(name).")
        default: throw ProblemDetails(.invalidRequest, detail: "The member '\(path)\(name)' must be an object.")
        }
    }

    mutating func array(_ name: String) throws(ProblemDetails) -> [JSONValue]? {
        switch member(name) {
        case nil: return nil
        case .array(let values): return values
        default: throw ProblemDetails(.invalidRequest, detail: "The member '\(name)' must be an array.")
        }
    }

    /// - Throws: `invalid-request` if the object has a member that was not read
    func rejectUnknownMembers() throws(ProblemDetails) {
        guard object.members.count > found else { return }
        let unknown = object.members.first { member in !known.contains { $0.hasSameBytes(as: member.name) } }
        guard let unknown else { return }
        throw ProblemDetails(
            .invalidRequest,
            detail: "Unknown member \(JSONWriter.quoted(path + String(unknown.name.prefix(40)))).",
            extras: [.strings("allowed", known)]
        )
    }

    /// Nil also if the value is null, which many serialisers write for a member that is not set.
    private mutating func member(_ name: String) -> JSONValue? {
        known.append(name)
        // Names are unique: when as many were found as there are, no member has another one.
        guard found < object.members.count, let value = object[name] else { return nil }
        found += 1
        if case .null = value { return nil }
        return value
    }
}

extension UploadRequest {
    /// Reads the request of one ticket. Unknown members are refused: a misspelt `size` must not be ignored.
    /// - Throws: `invalid-request` with the member's name and what to send
    package init(_ value: JSONValue) throws(ProblemDetails) {
        guard case .object(let object) = value else {
            throw ProblemDetails(
                .invalidRequest,
                detail:
                    "The body must be a JSON object such as {\"rule\": \"avatars\", \"contentType\": \"image/png\", \"size\": 48213}."
            )
        }
        var members = MemberReader(object)
        let rule = try members.string("rule")
        let filename = try members.string("filename")
        // Browsers give the empty text for a file whose type they do not know.
        let contentType = try members.string("contentType") ?? ""
        let size = try members.size("size")
        let user = try members.string("user")
        let checksum = try Self.checksum(&members)
        let metadata = try members.stringMap("metadata")
        let parameters = try members.stringMap("parameters")
        let path = try members.string("path")
        try members.rejectUnknownMembers()
        self.init(
            rule: rule,
            filename: filename,
            contentType: contentType,
            size: size,
            checksum: checksum,
            metadata: metadata,
            user: user,
            parameters: parameters,
            path: path
        )
    }

    private static func checksum(_ members: inout MemberReader) throws(ProblemDetails) -> RequestedChecksum? {
        let sha256 = try members.string("checksumSHA256")
        guard var checksum = try members.members("checksum") else { return sha256.map(RequestedChecksum.init(sha256:)) }
        guard sha256 == nil else {
            throw ProblemDetails(.invalidRequest, detail: "Send 'checksum' or 'checksumSHA256', not both.")
        }
        guard let algorithm = try checksum.string("algorithm"), let value = try checksum.string("value") else {
            throw ProblemDetails(
                .invalidRequest,
                detail: "The member 'checksum' needs an 'algorithm', such as \"crc32c\", and a 'value': the checksum in base64.")
        }
        try checksum.rejectUnknownMembers()
        return RequestedChecksum(algorithm: algorithm, value: value)
    }
}
