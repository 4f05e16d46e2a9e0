// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a tenant's `apiKeys`.
struct APIKeyReader: Sendable {
    let tenant: String
    /// The names of the tenant's rules; nil if they could not be read.
    let rules: [String]?

    static let keys = KeyTable(
        "apiKey", [id.row, sha256.row, expires.row, scopes.row, rules.row, allowUsers.row, issuer.row])

    private static let hints = ["key": keyItself, "secret": keyItself]
    private static let keyItself = ValueError(
        "a rule file must not contain an API key",
        "stop using this key: make a new one with “postern key new” and write its sha256"
    )

    func read(_ section: Section) -> [Located<APIKeyRecord>] {
        guard let entry = section["apiKeys"] else { return [] }
        guard case .list(let nodes) = entry.value.content, !nodes.isEmpty else {
            if case .reported = entry.value.content { return [] }
            section.log.problem(
                at: entry.keyPosition,
                "apiKeys is not a list of keys",
                "paste what “postern key new” prints under it"
            )
            return []
        }
        var keys: [Located<APIKeyRecord>] = []
        var ids: [String: Int] = [:]
        var digests: [[UInt8]: Int] = [:]
        for node in nodes {
            guard
                let key = Section(
                    node, title: "an API key", at: node.position, keys: Self.keys.names, hints: Self.hints, log: section.log
                )
            else { continue }
            let id = Self.id.read(from: key, self)
            let sha256 = Self.sha256.read(from: key, self)
            let read = readRest(of: key, id: id, sha256: sha256?.value)
            if let id, let line = ids.updateValue(id.position.line, forKey: id.value) {
                key.log.problem(
                    at: id.position,
                    "the key id \(id.value.quoted) is used twice, first in line \(line)",
                    "give each key its own id, also during a rotation: cms-2026"
                )
            }
            if let sha256, let line = digests.updateValue(sha256.position.line, forKey: sha256.value) {
                key.log.problem(
                    at: sha256.position,
                    "this is the same key as in line \(line)",
                    "make a second key: postern key new"
                )
            }
            if let read { keys.append(read) }
        }
        return keys
    }

    private func readRest(of key: Section, id: Located<String>?, sha256: [UInt8]?) -> Located<APIKeyRecord>? {
        let expires = Self.expires.read(from: key, self)
        let scopes = Self.scopes.read(from: key, self)
        let allowed = Self.rules.read(from: key, self)
        let users = Self.allowUsers.read(from: key, self)
        let issuer = Self.issuer.read(from: key, self)
        guard let id, let sha256 else { return nil }
        let record = APIKeyRecord(
            tenant: tenant,
            id: id.value,
            sha256: sha256,
            expires: expires?.value,
            scopes: scopes?.map(\.value) ?? [],
            rules: allowed?.map(\.value),
            allowUsers: users?.map(\.value),
            issuer: issuer?.value
        )
        return Located(value: record, position: id.position)
    }
}

extension APIKeyReader {
    private static let id = Key<APIKeyReader, Located<String>?>(
        "id", takes: "name, unique in the file; it appears in the key and in the log", shape: .text(.identifier),
        standard: .required, example: "cms"
    ) { section, key, _ in
        section.required(key, "write a short name: id: cms") { text throws(ValueError) in
            try Identifier.parse(text, what: "a key id")
        }
    }

    private static let sha256 = Key<APIKeyReader, Located<[UInt8]>?>(
        "sha256",
        takes: "SHA-256 of the whole key, in hex",
        shape: .text(.sha256),
        standard: .required,
        example: "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
    ) { section, key, _ in
        section.required(key, "paste the sha256 that “postern key new” prints", digest)
    }

    private static let expires = Key<APIKeyReader, Located<Date>?>(
        "expires", takes: "date from which the key is refused", shape: .text(.date), standard: "never", example: "2027-01-31"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Date(dayOrInstant: text) }
    }

    private static let scopes = Key<APIKeyReader, [Located<String>]?>(
        "scopes", takes: "list of scopes that the key has", shape: .list(of: .text(.scope)), standard: "none",
        example: "[uploads:write]"
    ) { section, key, _ in
        section.list(key, Scope.parse)
    }

    private static let rules = Key<APIKeyReader, [Located<String>]?>(
        "rules", takes: "list of rules that the key may use", shape: .list(of: .text(.underscoredIdentifier)), standard: "all",
        example: "[avatars]"
    ) { section, key, reader in
        section.list(key) { text throws(ValueError) in
            guard let rules = reader.rules, !rules.contains(where: { $0.utf8.elementsEqual(text.utf8) }) else { return text }
            throw ValueError(
                "there is no rule \(text.quoted)",
                suggesting: .init(for: text, in: rules),
                else: "write one of \(rules.joined(separator: ", "))"
            )
        }
    }

    private static let allowUsers = Key<APIKeyReader, [Located<String>]?>(
        "allowUsers",
        takes: "list of users on whose behalf the key may ask",
        shape: .list(of: .text(.plain())),
        standard: "**any user**",
        example: "[u1, batch-import]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in try PlainText.parse(text, what: "a user") }
    }

    private static let issuer = Key<APIKeyReader, Located<String>?>(
        "issuer",
        takes: "the `name` of the issuer whose users its requests name",
        shape: .text(.identifier),
        standard: "the tenant's issuer, if it has only one",
        example: "staff"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
    }
}

extension APIKeyReader {
    /// Reads a SHA-256 of 64 hex digits of either case. No message repeats the text: it may be the key itself.
    private static func digest(_ text: String) throws(ValueError) -> [UInt8] {
        if text.utf8.starts(with: APIKey.prefix.utf8) {
            throw ValueError(
                "this is an API key, not its SHA-256",
                "stop using this key: make a new one with “postern key new” and paste the sha256 that it prints"
            )
        }
        guard let digest = Hexadecimal.decode(text), digest.count == DigestAlgorithm.sha256.size else {
            throw ValueError("sha256 is not 64 hex digits", "paste the sha256 that “postern key new” prints")
        }
        return digest
    }
}

extension Date {
    /// Reads an instant as operators write it: `2026-12-31`, which is the start of that day in UTC, or a date and time of
    /// RFC 3339, cut to whole seconds.
    init(dayOrInstant text: String) throws(ValueError) {
        guard let date = Date(day: text) ?? Date(text, as: .rfc3339) else {
            throw ValueError(
                "\(text.quoted) is not a date",
                "write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z"
            )
        }
        self.init(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}
