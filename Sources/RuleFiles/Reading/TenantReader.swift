// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import UploadRules
import UserAuth
import WireFormats

/// Reads one tenant's file.
struct TenantReader {
    /// The tenant, by the file's name.
    let id: String
    /// The folder of the file, for relative paths in it.
    let folder: String
    let log: DiagnosticLog

    /// The keys of the file, in the order in which messages list them.
    static let keys = KeyTable(
        "tenant",
        [
            KeyRow(name: "tenant", takes: "name", shape: .text(.identifier), standard: .required, example: "acme"),
            KeyRow(
                name: "store", takes: "mapping: [`store`](#store). The bucket of every rule that names no other",
                shape: .mapping(StoreReader.keys),
                standard: "required, unless every rule has a `store`",
                example: "{bucket: acme-uploads, region: eu-west-1}"),
            KeyRow(
                name: "stores", takes: "mapping of further stores by name, each with the keys of [`store`](#store)",
                shape: .named(.underscoredIdentifier, .mapping(StoreReader.keys)), standard: "none",
                example: "{archive: {bucket: acme-archive, region: eu-west-1}}"),
            KeyRow(
                name: "auth", takes: "mapping: [`auth`](#auth)", shape: .mapping(Self.authKeys), standard: "none",
                example: "{issuers: [{issuer: https://id.acme.example, audience: uploads, algorithms: [RS256], "
                    + "keys: {discovery: true}}]}"),
            KeyRow(
                name: "origins", takes: "list of web origins", shape: .list(of: .text(.webOrigin)), standard: "none",
                example: "[https://app.acme.example, http://localhost:5173]"),
            KeyRow(
                name: "rules", takes: "mapping of rules by name: [`rules`](#rules)",
                shape: .named(.underscoredIdentifier, .mapping(RuleReader.keys)), standard: .required,
                example: "{avatars: {keyPrefix: \"avatars/{user}/\", contentTypes: [image/png], maxSize: 5MiB}}"),
            aliases.row, serviceIssuers.row, suspended.row, denial.row, sharedUsers.row,
        ], needs: needs)

    private static let needs: [KeyTable.Need] = [
        .anyOf(["store", "stores"]),
        .narrowed([.required(["rules", "*", "store"])], where: [.not(.has(["store"]))]),
        // Every rule's store is AWS.
        .narrowed(
            [.shape(["rules", "*", "storageClass"], .words(RuleReader.storageClasses))],
            where: [.not(.has(["stores"])), .not(.has(["store", "endpoint"]))]),
        .narrowed(
            [.shape(["rules", "*", "acl"], .words(RuleReader.cannedACLs))],
            where: [.not(.has(["stores"])), .not(.equals(["store", "method"], UploadMethod.put.rawValue))]),
    ]

    /// The keys of `auth`.
    static let authKeys = KeyTable(
        "auth",
        [
            KeyRow(
                name: "issuers", takes: "list: [`auth.issuers`](#authissuers)", shape: .list(of: .mapping(IssuerReader.keys)),
                standard: "none",
                example: "[{issuer: https://id.acme.example, audience: uploads, algorithms: [ES256], keys: {discovery: true}}]"),
            KeyRow(
                name: "apiKeys", takes: "list: [`auth.apiKeys`](#authapikeys)", shape: .list(of: .mapping(APIKeyReader.keys)),
                standard: "none",
                example: "[{id: cms, sha256: 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8}]"),
        ], needs: [.someKey])

    func read(_ root: YAMLNode) -> TenantDraft {
        var draft = TenantDraft(id: id)
        let hints = [
            "issuers": ValueError("issuers belongs under auth", "write auth: and indent issuers under it"),
            "apiKeys": ValueError("apiKeys belongs under auth", "write auth: and indent apiKeys under it"),
            "bucket": ValueError("bucket belongs under store", "write store: and indent bucket under it"),
            "region": ValueError("region belongs under store", "write store: and indent region under it"),
        ]
        guard let file = Section(root, title: "the file", at: .start, keys: Self.keys.names, hints: hints, log: log) else {
            return draft
        }

        readID(file)
        draft.aliases = Self.aliases.read(from: file, self) ?? []
        draft.serviceIssuers = Self.serviceIssuers.read(from: file, self)
        let isSuspended = Self.suspended.read(from: file, self)
        let denial = Self.denial.read(from: file, self)
        draft.sharedUsers = Self.sharedUsers.read(from: file, self)?.value ?? false
        draft.rules = readRules(file, stores: StoreDrafts(file))
        warnOfExpiry(of: draft.rules)
        let origins = file.list("origins", WebOrigin.parse)
        let auth = file.section("auth", keys: Self.authKeys.names)
        if let auth {
            draft.issuers = IssuerReader(folder: folder, tenant: id).read(auth)
            let names = file["rules"].flatMap(Self.names)
            draft.apiKeys = APIKeyReader(tenant: id, rules: names).read(auth)
            if auth.all.isEmpty {
                log.problem(at: auth.position, "auth is empty", "write issuers or apiKeys under it, or remove it")
            }
        }

        guard log.problems.isEmpty else { return draft }
        let tenant = Tenant(
            id: id,
            origins: origins?.map(\.value) ?? [],
            rules: draft.rules.compactMap(\.rule),
            isSuspended: isSuspended?.value ?? false,
            denial: denial
        )
        let sources = tenant.stores.map { store in
            let credentials = draft.rules.lazy.compactMap(\.store).first { $0.store === store }?.credentials
            return narrowed(credentials, to: store, tenant.rules.filter { $0.store === store }, file)
        }
        guard log.problems.isEmpty else { return draft }
        draft.tenant = tenant
        draft.credentials = sources
        return draft
    }

    /// Returns the source of credentials; for a role with `sessionPolicy: fromRules`, with that policy. A policy that is too long
    /// is reported here, not by STS at the first ticket.
    private func narrowed(
        _ credentials: CredentialReader.Reading?, to store: Store, _ rules: [UploadRule], _ file: Section
    ) -> CredentialSource {
        guard let credentials else { return .standard }
        guard case .role(var role) = credentials.source, credentials.isNarrowed else { return credentials.source }
        role.sessionPolicy = sessionPolicy(for: role, bucket: store.bucket, rules, file)
        for rule in rules where rule.storage.encryption?.kmsResource == "*" {
            log.warning(
                at: file["rules"]?.keyPosition ?? file.position,
                "the session policy allows kms:GenerateDataKey for every key of the role: the rule \(rule.name.quoted) does not name its key by an ARN",
                "write encryption: {type: aws:kms, keyId: arn:aws:kms:…:key/…}")
        }
        role.sessionName = sessionName(for: store)
        return .role(role)
    }

    /// The name of a session, which is in AWS's logs: of at most 64 characters, and different for each store of each tenant.
    private func sessionName(for store: Store) -> String {
        // No id has an @.
        let subject = store.name.map { "\(id)@\($0)" } ?? id
        let name = "postern-\(subject)"
        if name.utf8.count <= 64 { return name }
        return store.name == nil ? id : "postern-\(DigestAlgorithm.sha256.hash(subject.utf8).hexadecimal.prefix(48))"
    }

    /// A ticket ends a minute before the session that signs it, whatever its rule says.
    private func warnOfExpiry(of rules: [RuleDraft]) {
        for draft in rules {
            guard let rule = draft.rule, case .role(let role)? = draft.store?.credentials?.source else { continue }
            let longest = (role.durationSeconds ?? Self.defaultSessionSeconds) - 60
            guard rule.expiry > longest else { continue }
            log.warning(
                at: draft.prefix.position,
                "tickets of the rule \(rule.name.quoted) end earlier than its expiry: the session of an assumed role lasts an hour",
                "write an expiry of at most \(longest / 60)m, or sign with credentials that do not expire"
            )
        }
    }

    /// How long a session lasts if the role does not say ("AssumeRole", `DurationSeconds`, AWS Security Token Service API Reference).
    private static let defaultSessionSeconds = 3600

    private func sessionPolicy(for role: AssumedRole, bucket: String, _ rules: [UploadRule], _ file: Section) -> String? {
        do throws(SessionPolicyError) {
            let policy = try SessionPolicy(role: role, bucket: bucket, rules: rules).text()
            if policy.isWidened {
                log.warning(
                    at: file["rules"]?.keyPosition ?? file.position,
                    "the exact session policy of these rules would be too long, so it allows everything under their leading folders",
                    "for a narrower policy, begin the keyPrefix of every rule with one common folder"
                )
            }
            return policy.text
        } catch {
            log.problem(at: file["rules"]?.keyPosition ?? file.position, error.problem, SessionPolicyError.advice)
            return nil
        }
    }

    private func readID(_ file: Section) {
        _ = file.required("tenant", "write tenant: \(id)") { text throws(ValueError) in
            let name = try Identifier.parse(text, what: "a tenant's id")
            guard name == id else {
                throw ValueError(
                    "the tenant \(name.quoted) is in a file named \(id.quoted)",
                    "write tenant: \(id), or name the file \(name).yaml"
                )
            }
            return name
        }
    }

    // MARK: Rules

    private func readRules(_ file: Section, stores: StoreDrafts) -> [RuleDraft] {
        guard let entry = file["rules"] else {
            file.missing("rules", "write at least one rule under rules:")
            return []
        }
        guard let rules = file.section("rules", keys: nil) else { return [] }
        if rules.all.isEmpty {
            log.problem(at: entry.keyPosition, "rules is empty", "write at least one rule under it")
        }
        let reader = RuleReader(tenant: id, stores: stores)
        let drafts = rules.all.compactMap { reader.read($0, log: log) }
        if !drafts.isEmpty, drafts.count == rules.all.count { stores.warnOfUnused(by: drafts, log: log) }
        drafts.checkUserSpaces(log: log)
        drafts.warnOfEnclosingPrefixes(log: log)
        return drafts
    }

    private static func names(_ rules: YAMLEntry) -> [String]? {
        guard case .mapping(let entries) = rules.value.content else { return nil }
        return entries.map(\.key)
    }
}

/// A tenant's file as far as it could be read: what checks across files need is there even if the rest is wrong.
struct TenantDraft: Sendable {
    let id: String
    var issuers: [IssuerDraft] = []
    /// Each at the position of its id.
    var apiKeys: [Located<APIKeyRecord>] = []
    var aliases: [Located<TenantAlias>] = []
    /// Nil if the key is absent or, with a problem logged, wrong. Without the key all count if the tenant has no issuers of its own,
    /// and otherwise none does.
    var serviceIssuers: Located<ServiceIssuers>?
    /// Whether users of several issuers may share keys.
    var sharedUsers = false
    var rules: [RuleDraft] = []
    /// Nil if a problem was logged.
    var tenant: Tenant?
    /// Where the credentials that sign its tickets come from, for each of the tenant's stores.
    var credentials: [CredentialSource] = []
}
