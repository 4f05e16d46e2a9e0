// SPDX-License-Identifier: Apache-2.0

package import WireFormats

extension KeyTemplate {
    /// The two templates of a rule. Their keys are `prefix + name`, and a prefix ends in `/`.
    package enum Role: String {
        case keyPrefix
        case keyName
    }

    /// - Throws: Everything that could put a key where nobody expects it.
    package init(parsing text: String, as role: Role, tenant: String) throws(ValueError) {
        self.text = text
        parts = try Self.split(text, role: role, tenant: tenant)
        try checkCharacters(role)
        try checkSegments(role)
    }

    // MARK: Splitting

    private static func split(_ text: String, role: Role, tenant: String) throws(ValueError) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "$"):
                throw ValueError(
                    "\(role.rawValue) holds “$”, which S3 may expand",
                    rest.starts(with: "{filename}".utf8) ? "write {filename}: the server fills it in" : "leave it out"
                )
            case UInt8(ascii: "}"):
                throw ValueError("\(role.rawValue) has a “}” without “{”", "write placeholders as {user}")
            case UInt8(ascii: "{"):
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else {
                    throw ValueError("\(role.rawValue) has a “{” that is not closed", "write placeholders as {user}")
                }
                let placeholder = try placeholder(String(decoding: rest[..<end], as: UTF8.self))
                rest = rest[(end + 1)...]
                if placeholder == .tenant {
                    literal += tenant.utf8
                } else {
                    if !literal.isEmpty { parts.append(.literal(literal)) }
                    literal = []
                    parts.append(.placeholder(placeholder))
                }
            default:
                literal.append(byte)
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    private static func placeholder(_ name: String) throws(ValueError) -> Placeholder {
        guard let placeholder = Placeholder(rawValue: name) else {
            let names = Placeholder.allCases.map(\.rawValue)
            let near = name.closestMatch(in: names)
            throw ValueError(
                "{\(name)} is not a placeholder",
                near.map { "did you mean {\($0)}?" } ?? "write one of \(names.map { "{\($0)}" }.joined(separator: " "))"
            )
        }
        return placeholder
    }

    // MARK: Checks

    private func checkCharacters(_ role: Role) throws(ValueError) {
        if PlainText.hasControls(text) {
            throw ValueError("\(role.rawValue) has a control character", "remove it")
        }
        let bytes = Array(text.utf8)
        let example = role == .keyPrefix ? "uploads/{user}/" : "{uuid}.{ext}"
        guard let first = bytes.first, let last = bytes.last else {
            throw ValueError("\(role.rawValue) is empty", "write \(example)")
        }
        let slash = UInt8(ascii: "/")
        if first == slash {
            throw ValueError("\(role.rawValue) begins with “/”", "leave the first “/” out: keys in S3 begin with a name")
        }
        switch role {
        case .keyPrefix where last != slash:
            // Else "team" would also be the beginning of "teamwork/…".
            throw ValueError("keyPrefix does not end in “/”", "write \(bytes.isEmpty ? example : text + "/")")
        case .keyName where last == slash:
            throw ValueError("keyName ends in “/”", "write a file's name: \(example)")
        default:
            break
        }
        if text.utf8.count > 512 {
            throw ValueError("\(role.rawValue) is longer than 512 bytes", "shorten it: a whole key has at most 1024")
        }
    }

    private func checkSegments(_ role: Role) throws(ValueError) {
        var segments = segments
        if role == .keyPrefix { segments.removeLast() }
        for segment in segments {
            if segment.isEmpty { throw ValueError("\(role.rawValue) holds “//”", "write one “/”") }
            if case .literal(let bytes) = segment[0], segment.count == 1, bytes.allSatisfy({ $0 == UInt8(ascii: ".") }) {
                throw ValueError(
                    "\(role.rawValue) has a folder named \(String(decoding: bytes, as: UTF8.self).quoted)",
                    "name it otherwise: clients resolve such names as paths"
                )
            }
            // a{user} and {user}b, {user}-{yyyy}: two users could meet in one name. A whole segment is injective.
            if segment.contains(.placeholder(.user)), segment.count > 1 {
                throw ValueError(
                    "{user} in \(role.rawValue) is not a whole folder name",
                    "put “/” on both sides of it, so that no two users share a key: …/{user}/…"
                )
            }
        }
    }

    /// The parts between the slashes; the last is empty where the template ends in `/`.
    package var segments: [[Part]] {
        var segments: [[Part]] = [[]]
        for part in parts {
            guard case .literal(let bytes) = part else {
                segments[segments.count - 1].append(part)
                continue
            }
            for (place, piece) in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).enumerated() {
                if place > 0 { segments.append([]) }
                if !piece.isEmpty { segments[segments.count - 1].append(.literal(Array(piece))) }
            }
        }
        return segments
    }
}
