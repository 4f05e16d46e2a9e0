// SPDX-License-Identifier: Apache-2.0

import PostPolicy
package import WireFormats

extension KeyTemplate {
    /// The rule file key whose value a template is. An object key is the prefix followed by the name; a prefix ends in `/`.
    package enum Role: String {
        case keyPrefix
        case keyName
    }

    /// Parses a template.
    ///
    /// - Parameters:
    ///   - text: The template as it is written in the rule file.
    ///   - role: Whether it is a prefix or a name.
    ///   - tenant: The tenant's id, which replaces `{tenant}`.
    ///   - parameters: The parameters that the rule declares.
    /// - Throws: `ValueError` if a key of the template could be outside of the prefix, or in the folder of another user.
    package init(
        parsing text: String, as role: Role, tenant: String, parameters: [UploadParameter] = []
    ) throws(ValueError) {
        self.text = text
        parts = try Self.split(text, role: role, tenant: tenant, parameters)
        try checkCharacters(role)
        try checkSegments(role)
    }

    private static func split(
        _ text: String, role: Role, tenant: String, _ parameters: [UploadParameter]
    ) throws(ValueError) -> [Part] {
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
                let placeholder = try placeholder(String(decoding: rest[..<end], as: UTF8.self), parameters)
                rest = rest[(end + 1)...]
                if placeholder == .tenant {
                    literal += tenant.utf8
                } else {
                    if !literal.isEmpty { parts.append(.literal(literal)) }
                    literal = []
                    parts.append(.placeholder(placeholder))
                }
                // The slash vanishes with the folders if there are none.
                if placeholder == .path, rest.popFirst() != UInt8(ascii: "/") { throw notWhole(placeholder, role) }
            default:
                literal.append(byte)
            }
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    /// Returns the placeholder of a name.
    /// - Parameters:
    ///   - parameters: those of the rule
    ///   - others: names that the caller knows besides
    ///   - otherwise: what else could be written, for the end of the advice
    static func placeholder(
        _ name: String, _ parameters: [UploadParameter], besides others: [String] = [], orElse otherwise: String = ""
    ) throws(ValueError) -> Placeholder {
        if let placeholder = Placeholder.simple.first(where: { $0.name.hasSameBytes(as: name) }) { return placeholder }
        if let parameter = parameters.first(where: { $0.name.hasSameBytes(as: name) }) { return .parameter(parameter) }
        let prefix = "claim."
        if name.utf8.starts(with: prefix.utf8) {
            let attribute = String(name.dropFirst(prefix.count))
            guard Placeholder.isAttributeName(attribute) else {
                throw ValueError(
                    "{\(name)} does not name an attribute",
                    "write the name that auth.issuers.attributes gives it, of 1 to 63 of a-z, 0-9, “-” and “_”: {claim.org}")
            }
            return .claim(attribute)
        }
        let names = Placeholder.simple.map(\.name) + others + ["claim.NAME"] + parameters.map(\.name)
        let declaration = Placeholder.isParameterName(name) ? ", or declare it in the rule: parameters: {\(name): name}" : ""
        throw ValueError(
            "{\(name)} is not a placeholder",
            suggesting: .init(for: name, in: names, between: ("{", "}")),
            else: "write one of \(names.map { "{\($0)}" }.joined(separator: " "))\(declaration)\(otherwise)"
        )
    }

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
            // Otherwise "team" would also be a prefix of "teamwork/…".
            throw ValueError("keyPrefix does not end in “/”", "write \(bytes.isEmpty ? example : text + "/")")
        case .keyName where last == slash:
            throw ValueError("keyName ends in “/”", "write a file's name: \(example)")
        default:
            break
        }
        if text.utf8.count > 512 {
            throw ValueError(
                "\(role.rawValue) is longer than 512 bytes",
                "shorten it: a whole key has at most \(UploadPolicy.maximumKeyBytes)")
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
            // With a{user} and {user}b, or {user}-{yyyy}, two users could have the same segment. As a whole segment, two
            // different users have two different segments.
            if segment.count > 1, let placeholder = segment.lazy.compactMap(\.placeholder).first(where: \.isWholeSegment) {
                throw Self.notWhole(placeholder, role)
            }
        }
        if parts.count(where: { $0 == .placeholder(.path) }) > 1 {
            throw ValueError("\(role.rawValue) has {path} twice", "keep one of them")
        }
    }

    private static func notWhole(_ placeholder: Placeholder, _ role: Role) -> ValueError {
        let text = "{\(placeholder.name)}"
        if placeholder == .path {
            return ValueError(
                "{path} in \(role.rawValue) does not stand for whole folders",
                "put “/” on both sides of it: \(role == .keyPrefix ? "site/{path}/" : "{path}/{filename}")")
        }
        return ValueError(
            "\(text) in \(role.rawValue) is not a whole folder name",
            placeholder.isOwner
                ? "put “/” on both sides of it, so that no two users share a key: …/\(text)/…"
                : "put “/” on both sides of it, so that no two values share a key: …/\(text)/…")
    }
}

extension KeyTemplate.Placeholder {
    /// Whether it may only be a whole segment, or several.
    package var isWholeSegment: Bool {
        switch self {
        case .path, .parameter: true
        default: isOwner
        }
    }
}
