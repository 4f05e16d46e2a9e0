// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import UploadRules
import WireFormats

/// Reads one entry of a tenant's `rules`.
struct RuleReader: Sendable {
    let tenant: String
    let stores: StoreDrafts
    /// The rule's store; nil if it could not be read, or before it is.
    private(set) var store: StoreDraft?
    /// Whether the store is AWS, whose storage classes and characters of tags are known.
    var isAWS: Bool { store?.isAWS ?? true }
    /// The rule's name, for `{rule}`; empty until an entry is read.
    private(set) var rule = ""
    /// What requests give for the key, metadata and tags.
    private(set) var requestParameters: [UploadParameter] = []

    init(tenant: String, stores: StoreDrafts) {
        self.tenant = tenant
        self.stores = stores
    }

    /// The keys of a rule, in the order in which messages list them.
    static let keys = KeyTable(
        "rule",
        [
            keyPrefix.row, keyName.row, filenames.row, parameters.row, contentTypes.row, maxSize.row, minSize.row,
            declaredSize.row, expiry.row, acl.row, storageClass.row, encryption.row, tags.row, metadata.row, cacheControl.row,
            contentDisposition.row, contentEncoding.row, contentLanguage.row, overwrite.row, checksum.row, successStatus.row,
            successRedirect.row, requireScope.row, issuers.row, apiKeysOnly.row, limits.row, storeName.row,
        ],
        needs: [
            .narrowed(
                [
                    .shape(["keyPrefix"], .text(.keyPrefix(parameters: false))),
                    .shape(["keyName"], .text(.keyName(parameters: false))),
                    .shape(["tags", "*"], .text(.tagValue(parameters: false))),
                    .shape(["metadata", "fixed", "*"], .text(.metadataValue(parameters: false))),
                ], where: [.not(.has(["parameters"]))])
        ])

    func read(_ entry: YAMLEntry, log: DiagnosticLog) -> RuleDraft? {
        let name = readName(entry, log: log)
        let title = "the rule \(entry.key.quoted)"
        let names = Self.keys.names
        guard let section = Section(entry.value, title: title, at: entry.keyPosition, keys: names, log: log) else {
            return nil
        }
        var reader = self
        reader.rule = name ?? ""
        reader.store = Self.storeName.read(from: section, self)
        return reader.read(section, name: name, entry.keyPosition, log: log)
    }

    private func read(_ section: Section, name: String?, _ position: YAMLPosition, log: DiagnosticLog) -> RuleDraft? {
        let parameters = Self.parameters.read(from: section, self)
        let templates = TemplateReader(tenant: tenant, parameters: parameters.map(\.value))
        let prefix = Self.keyPrefix.read(from: section, templates)
        let keyName = Self.keyName.read(from: section, templates)
        let isNamed = section[Self.keyName.row.name] != nil
        let filenames = Self.filenames.read(from: section, self)
        if let prefix, !isNamed || keyName != nil {
            checkParameters(parameters, prefix, keyName, of: section)
            checkPath(prefix, keyName, of: section)
            if let filenames,
                ![prefix, keyName].contains(where: { $0?.value.uses(.filename) == true || $0?.value.uses(.path) == true })
            {
                section.log.warning(
                    at: filenames.position, "filenames has no effect, since no file name is in the keys",
                    "add {filename} to keyName, or remove the line")
            }
        }
        let types = Self.contentTypes.read(from: section, self)
        let sizes = readSizes(section)
        let declaredSize = Self.declaredSize.read(from: section, self)
        if let declaredSize, declaredSize.value != .exact, method == .put {
            log.problem(
                at: declaredSize.position, "with method: put a ticket is for the exact size",
                "remove declaredSize, or write exact")
        }
        let expiry = Self.expiry.read(from: section, self)
        var reader = self
        reader.requestParameters = templates.parameters
        let storage = reader.readStorage(section)
        if let prefix, let keyName, !storage.mustBeNew {
            checkReplacing(prefix, keyName, parameters, of: section)
        }
        let disposition = Self.contentDisposition.read(from: section, self)
        warnOfTypes(section, isAttachment: disposition?.value == .attachment)
        let checksum = Self.checksum.read(from: section, self)
        let scope = Self.requireScope.read(from: section, self)
        let issuers = Self.issuers.read(from: section, self)
        let apiKeysOnly = Self.apiKeysOnly.read(from: section, self)
        let limits = Self.limits.read(from: section, self)

        guard let prefix else { return nil }
        checkCost(of: storage, section.title, position, log: log)
        var draft = RuleDraft(
            name: name,
            store: store,
            prefix: prefix,
            keyName: keyName?.value ?? (isNamed ? nil : Self.defaultKeyName),
            issuers: issuers,
            apiKeysOnly: apiKeysOnly?.value ?? false
        )
        guard let name, let types, let sizes, let template = draft.keyName, let store = store?.store else { return draft }
        draft.rule = UploadRule(
            name: name,
            store: store,
            keyPrefix: prefix.value,
            keyName: template,
            filenames: filenames?.value ?? .ascii,
            parameters: parameters.map(\.value),
            contentTypes: types,
            sizes: sizes,
            declaredSize: declaredSize?.value ?? .exact,
            expiry: expiry?.value ?? 300,
            storage: storage,
            contentDisposition: disposition?.value,
            checksum: checksum ?? .optional,
            requireScope: scope?.value,
            issuers: issuers?.map(\.value),
            apiKeysOnly: apiKeysOnly?.value ?? false,
            limits: limits
        )
        if let rule = draft.rule { checkPolicyLength(of: rule, section.title, position, log: log) }
        return draft
    }

    /// Reports settings whose fields are too large for a form, or for the header of a `PUT`.
    private func checkCost(of storage: StorageSettings, _ title: String, _ position: YAMLPosition, log: DiagnosticLog) {
        let (bytes, max) = (storage.cost, storage.maximumCost)
        guard bytes > max else { return }
        switch storage.method {
        case .post:
            log.problem(
                at: position,
                "the constant fields of \(title) have \(bytes) bytes, and at most \(max) fit into a form",
                "shorten its tags, fixed metadata, cacheControl or successRedirect"
            )
        case .put:
            log.problem(
                at: position,
                "the constant header fields of \(title) have \(bytes) bytes, and a PUT can have at most \(max)",
                "shorten its tags, fixed metadata or cacheControl"
            )
        }
    }

    /// Reports a rule whose policies are longer than its store takes, whatever the request says, and warns of one whose policies can be.
    private func checkPolicyLength(of rule: UploadRule, _ title: String, _ position: YAMLPosition, log: DiagnosticLog) {
        guard let max = rule.store.maxPolicyBytes else { return }
        // AWS does not say how long its session tokens are; none is shorter.
        let sessionTokenBytes = store?.credentials?.isRole ?? false ? 300 : 0
        let length = PolicyLength(of: rule, sessionTokenBytes: sessionTokenBytes)
        if length.shortest > max {
            log.problem(
                at: position,
                "the policy of a ticket of \(title) has at least \(length.shortest) bytes in base64, and its store takes \(max)",
                "shorten the rule's keys and constant fields, or write a larger maxPolicyBytes"
            )
        } else if length.longest > max {
            log.warning(
                at: position,
                "the policy of a ticket of \(title) may have \(length.longest) bytes in base64, and its store takes \(max): longer ones are refused",
                "shorten its keys and constant fields, and allow no metadata"
                    + (sessionTokenBytes > 0 ? "; a role's session token needs 400 bytes or more" : "")
            )
        }
    }

    private func readName(_ entry: YAMLEntry, log: DiagnosticLog) -> String? {
        do throws(ValueError) {
            return try Identifier.parse(entry.key, what: "a rule name", underscores: true)
        } catch {
            log.problem(at: entry.keyPosition, error)
            return nil
        }
    }
}

extension RuleReader {
    static let storeName = Key<RuleReader, StoreDraft?>(
        "store", takes: "the name of one of `stores`", shape: .text(.underscoredIdentifier), standard: "`store` of the file",
        example: "archive"
    ) { section, key, reader in reader.stores.store(of: section, key: key) }
}

// MARK: Who may use it, how long and how often

extension RuleReader {
    static let requireScope = Key<RuleReader, Located<String>?>(
        "requireScope",
        takes: "a scope that the token or API key must have",
        shape: .text(.scope),
        standard: "none",
        example: "uploads:write"
    ) { section, key, _ in
        section.value(key, Scope.parse)
    }

    static let issuers = Key<RuleReader, [Located<String>]?>(
        "issuers",
        takes: "list of the `name`s of issuers. The rule is only for their users, and for API keys with one of them as `issuer`",
        shape: .list(of: .text(.identifier)),
        standard: "all",
        example: "[staff]"
    ) { section, key, _ in
        section.list(key) { text throws(ValueError) in try Identifier.parse(text, what: "an issuer's name") }
    }

    static let apiKeysOnly = Key<RuleReader, Located<Bool>?>(
        "apiKeysOnly", takes: "`true`: the rule is only for API keys", shape: .flag, standard: .value("false"), example: "true"
    ) { section, key, _ in
        section.flag(key)
    }

    static let expiry = Key<RuleReader, Located<Int>?>(
        "expiry",
        takes: "duration, 1s to 7d: how long a ticket can be used",
        shape: .text(.quantity(.duration, lifetimes)),
        standard: .value("5m"),
        example: "15m"
    ) { section, key, _ in
        let expiry = section.value(key) { text throws(ValueError) in
            let seconds = try Quantity.duration.parse(text)
            guard lifetimes.contains(seconds) else {
                throw ValueError("a ticket cannot be valid for \(text.quoted)", "write 1s to 7d; the default is 5m")
            }
            return seconds
        }
        if let expiry, expiry.value > longestUsualExpiry {
            section.log.warning(
                at: expiry.position,
                "anyone who has a ticket can use it repeatedly, for more than \(longestUsualExpiry / 60) minutes",
                "write at most \(longestUsualExpiry / 60)m, and let clients request each ticket right before its upload"
            )
        }
        return expiry
    }

    /// In seconds.
    private static let lifetimes = 1...Int(PolicySigner.maximumLifetime)
    /// In seconds. A ticket needs to be valid when the upload begins, not until it ends at a slow client's.
    private static let longestUsualExpiry = 900

    static let limits = Key<RuleReader, RuleLimits>(
        "limits",
        takes: "mapping: [`rules.limits`](#ruleslimits)",
        shape: .mapping(LimitsReader.keys),
        standard: "none",
        example: "{perUser: 60/1m, perTenant: 1000/1h}"
    ) { section, key, _ in
        guard let limits = section.section(key, keys: LimitsReader.keys.names) else { return .none }
        return LimitsReader().read(limits)
    }
}

/// Reads a rule's `limits`.
struct LimitsReader: Sendable {
    static let keys = KeyTable("limits", [perUser.row, perTenant.row], needs: [.someKey])

    private static let perUser = Key<LimitsReader, Located<RateLimit>?>(
        "perUser", takes: "rate, 1/1s to 1000000000/7d, for each user", shape: .text(.rate), standard: "none", example: "60/1m"
    ) { section, key, _ in section.value(key, RateLimit.parse) }

    private static let perTenant = Key<LimitsReader, Located<RateLimit>?>(
        "perTenant", takes: "rate, for all users of the tenant together", shape: .text(.rate), standard: "none",
        example: "1000/1h"
    ) { section, key, _ in section.value(key, RateLimit.parse) }

    func read(_ limits: Section) -> RuleLimits {
        let perUser = Self.perUser.read(from: limits, self)
        let perTenant = Self.perTenant.read(from: limits, self)
        if limits.all.isEmpty {
            limits.log.problem(at: limits.position, "limits is empty", "write perUser: 60/1m, or remove it")
        }
        return RuleLimits(perUser: perUser?.value, perTenant: perTenant?.value)
    }
}

/// A rule as far as it could be read: what checks across rules and files need is there even if the rest is wrong.
struct RuleDraft: Sendable {
    let name: String?
    /// Nil if there is none.
    let store: StoreDraft?
    let prefix: Located<KeyTemplate>
    /// The default if the file has none; nil if the file's is wrong.
    let keyName: KeyTemplate?
    /// The names of the issuers whose users the rule is for; nil if the file has none.
    let issuers: [Located<String>]?
    /// Whether only API keys can use it.
    let apiKeysOnly: Bool
    /// Nil if a problem was logged.
    var rule: UploadRule?
}
