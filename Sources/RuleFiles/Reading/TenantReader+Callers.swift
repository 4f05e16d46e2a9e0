// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

// The keys that decide which tokens are accepted for the tenant, and which users are refused.
extension TenantReader {
    static let aliases = Key<TenantReader, [Located<TenantAlias>]?>(
        "aliases",
        takes: "list of texts, or mappings: [`aliases`](#aliases). A service-wide issuer's `tenantClaim` must have one of them, "
            + "**instead of** the tenant's id. They are compared by their bytes",
        shape: .list(of: .either([.text(.plain()), .mapping(AliasReader.keys)])),
        standard: "the id",
        example: "[org_9ybsU1dN2dKfDkBi]"
    ) { section, key, _ in
        section.list(key) { AliasReader().read($0, in: section, key) }
    }

    static let serviceIssuers = Key<TenantReader, Located<ServiceIssuers>?>(
        "serviceIssuers",
        takes: "`true`, `false`, or a list of `name`s: the [service-wide issuers](#service-wide-issuers) whose tokens can be for "
            + "this tenant",
        shape: .either([.flag, .list(of: .text(.identifier))]),
        standard: "`true` if the tenant has no issuers of its own, otherwise `false`",
        example: "[login]"
    ) { section, key, _ in
        guard let entry = section[key] else { return nil }
        guard case .list = entry.value.content else {
            return section.value(key) { text throws(ValueError) in
                switch text {
                case "true": return .all
                case "false": return ServiceIssuers.none
                default:
                    throw ValueError(
                        "serviceIssuers is \(text.quoted)",
                        "write true, false, or the names of service-wide issuers: [\(Identifier.isValid(text) ? text : "staff")]")
                }
            }
        }
        let names = section.list(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
        return names.map { Located(value: .named($0.map(\.value)), position: entry.value.position) }
    }

    static let suspended = Key<TenantReader, Located<Bool>?>(
        "suspended",
        takes: "`true`: every request of the tenant gets 403 `tenant-suspended`",
        shape: .flag,
        standard: .value("false"),
        example: "true"
    ) { section, key, _ in
        section.flag(key)
    }

    static let denial = Key<TenantReader, Denial?>(
        "deny", takes: "mapping: [`deny`](#deny)", shape: .mapping(DenialReader.keys), standard: "none",
        example: "{users: [u17], issuedBefore: 2026-11-01}"
    ) { section, key, _ in
        section.section(key, keys: DenialReader.keys.names).flatMap(DenialReader().read)
    }

    static let sharedUsers = Key<TenantReader, Located<Bool>?>(
        "sharedUsers",
        takes: "`true`: users of several issuers with the same text in their user claim are one person and share their folders",
        shape: .flag,
        standard: .value("false"),
        example: "true"
    ) { section, key, _ in
        section.flag(key)
    }
}

/// Reads an entry of `aliases`.
struct AliasReader: Sendable {
    /// The keys of an alias for one issuer.
    static let keys = KeyTable("alias", [issuer.row, value.row])

    func read(_ node: YAMLNode, in file: Section, _ key: String) -> Located<TenantAlias>? {
        guard case .mapping = node.content else {
            return file.value(of: node, key: key, at: node.position) { text throws(ValueError) in
                TenantAlias(value: ExactString(try Self.parse(text)), issuer: nil)
            }
        }
        let known = Self.keys.names
        guard let alias = Section(node, title: "an alias", at: node.position, keys: known, log: file.log) else { return nil }
        let issuer = Self.issuer.read(from: alias, self)
        guard let value = Self.value.read(from: alias, self), let issuer else { return nil }
        return Located(value: TenantAlias(value: ExactString(value.value), issuer: issuer.value), position: value.position)
    }

    private static func parse(_ text: String) throws(ValueError) -> String {
        try PlainText.parse(text, what: "an alias")
    }

    private static let issuer = Key<AliasReader, Located<String>?>(
        "issuer", takes: "the `name` of the only issuer for which the alias counts", shape: .text(.identifier),
        standard: .required, example: "login"
    ) { section, key, _ in
        section.required(key, "write the name of a service-wide issuer, or only the value") { text throws(ValueError) in
            try Identifier.parse(text, what: "an issuer's name")
        }
    }

    private static let value = Key<AliasReader, Located<String>?>(
        "value", takes: "text: what its `tenantClaim` must have", shape: .text(.plain()), standard: .required,
        example: "org_9ybsU1dN2dKfDkBi"
    ) { section, key, _ in
        section.required(key, "write what the issuer's tenantClaim has for this tenant", parse)
    }
}

/// Reads `deny`.
struct DenialReader: Sendable {
    static let keys = KeyTable("deny", [users.row, issuedBefore.row], needs: [.someKey])

    func read(_ denial: Section) -> Denial {
        let users = Self.users.read(from: denial, self)
        let instant = Self.issuedBefore.read(from: denial, self)
        if denial.all.isEmpty {
            denial.log.problem(at: denial.position, "deny is empty", "write users or issuedBefore under it, or remove it")
        }
        return Denial(users: users?.map(\.value) ?? [], issuedBefore: instant?.value.timeIntervalSince1970)
    }

    private static let users = Key<DenialReader, [Located<String>]?>(
        "users",
        takes: "list of users, of whichever issuer, who get 403 `user-denied`; an API key cannot name them either",
        shape: .list(of: .text(.plain())),
        standard: "none",
        example: "[u17]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in try PlainText.parse(text, what: "a user") }
    }

    private static let issuedBefore = Key<DenialReader, Located<Date>?>(
        "issuedBefore",
        takes: "date. Tokens whose `iat` is before it, and tokens without `iat`, get 401 `unauthenticated`",
        shape: .text(.date),
        standard: "none",
        example: "2026-11-01T00:00:00Z"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in try Date(dayOrInstant: text) }
    }
}
