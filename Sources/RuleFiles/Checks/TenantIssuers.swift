// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

/// The issuers whose tokens can be for one tenant: its own, and the service-wide ones that count for it.
struct TenantIssuers {
    private let draft: TenantDraft
    private let log: DiagnosticLog
    private let own: [IssuerDraft]
    private let serviceWide: [Issuer]
    /// Whether the service-wide issuers are known.
    private let isComplete: Bool

    init(of draft: TenantDraft, service: ServiceWideIssuers, log: DiagnosticLog) {
        self.draft = draft
        self.log = log
        own = draft.issuers
        let accepted = draft.acceptedServiceIssuers
        let names = Set(draft.aliases.map(\.value.issuer))
        serviceWide = service.all.filter { issuer in
            // A tenant with aliases for certain issuers only has no value that the others' claim could hold.
            accepted.accept(issuer.name) && (names.isEmpty || names.contains(nil) || names.contains(issuer.name))
        }
        isComplete = service.isKnown
    }

    var all: [Issuer] { own.compactMap(\.issuer) + serviceWide }

    /// The issuers of users, one for each `iss`; nil if a placeholder allows any number.
    func users(of issuers: [Issuer]) -> [UserIssuer]? {
        var users: [UserIssuer] = []
        for issuer in issuers {
            guard let identifiers = identifiers(of: issuer) else { return nil }
            for identifier in identifiers where !users.contains(where: { $0.identifier.hasSameBytes(as: identifier) }) {
                users.append(UserIssuer(issuer.pattern, name: issuer.name, identifier: identifier))
            }
        }
        return users
    }

    /// Every `iss` of tokens for the tenant. With a placeholder, they follow from the tenant's claim if it is the placeholder's.
    private func identifiers(of issuer: Issuer) -> [String]? {
        guard let template = issuer.pattern.template else { return [issuer.identifier] }
        guard issuer.tenantClaim == ClaimPath(template.claim) else { return nil }
        let aliases = draft.aliases.map(\.value).filter { $0.issuer == nil || $0.issuer == issuer.name }
        let values = draft.aliases.isEmpty ? [draft.id] : aliases.map(\.value.text)
        return values.map { template.beginning + $0 + template.end }
    }

    // MARK: Checks

    /// Reports names, placeholders and keys that do not fit the issuers, and sets whose users the API keys name.
    /// - Returns: whose users API keys name
    func check() -> KeyIssuers {
        own.checkNames(besides: serviceWide, log: log)
        for rule in draft.rules {
            checkIssuers(of: rule)
            checkUsers(of: rule)
            warnOfUserFields(of: rule)
            checkIssuerPlaceholder(of: rule)
            checkAttributes(of: rule)
        }
        checkSharedFolders()
        return keyIssuers()
    }

    /// The issuers whose tokens can use a rule.
    private func issuers(of rule: RuleDraft) -> [Issuer] {
        guard !rule.apiKeysOnly else { return [] }
        guard let names = rule.issuers?.map(\.value) else { return all }
        return all.filter { $0.name.map(names.contains) ?? false }
    }

    /// The API keys that can use a rule.
    private func keys(of rule: RuleDraft) -> [Located<APIKeyRecord>] {
        let names = rule.issuers?.map(\.value)
        return draft.apiKeys.filter { key in
            (key.value.rules?.contains(rule.name ?? "") ?? true)
                && (names.map { key.value.issuer.map($0.contains) ?? false } ?? true)
        }
    }

    private func checkIssuers(of rule: RuleDraft) {
        for name in rule.issuers ?? [] where !all.contains(where: { $0.name == name.value }) {
            reportUnknown(name)
        }
    }

    private func reportUnknown(_ name: Located<String>) {
        let names = Set(all.compactMap(\.name)).sorted()
        let message = "no issuer of this tenant is named \(name.value.quoted)"
        guard isComplete else {
            log.warning(
                at: name.position, message,
                "give an entry of issuers this name, or check with --config FILE if it is service-wide")
            return
        }
        log.problem(
            at: name.position,
            ValueError(
                message,
                suggesting: .init(for: name.value, in: names),
                else: names.isEmpty
                    ? "write name: \(name.value) in the entry of the issuer" : "write one of \(names.joined(separator: ", "))"))
    }

    /// The issuers of the users whose files a rule stores. An API key without an issuer may name users of each.
    private func userIssuers(of rule: RuleDraft) -> [Issuer] {
        issuers(of: rule)
            + keys(of: rule).flatMap { key in
                key.value.issuer.map { name in all.filter { $0.name == name } } ?? all
            }
    }

    /// Whether users of different people could have the same `{user}`.
    private func areAmbiguous(_ issuers: [Issuer]) -> Bool {
        users(of: issuers).map { $0.count > 1 } ?? true
    }

    /// Two issuers may have different users of the same name, who must not share a folder.
    private func checkUsers(of rule: RuleDraft) {
        guard rule.uses(.user), !rule.uses(.issuer), !draft.sharedUsers else { return }
        let issuers = userIssuers(of: rule)
        if areAmbiguous(issuers) { reportShared(rule, issuers, "share a folder") }
    }

    /// Metadata or tags with `{user}` do not say which of two users of the same name it is, if nothing names the issuer.
    private func warnOfUserFields(of rule: RuleDraft) {
        guard rule.fieldsUse(.user), !rule.fieldsUse(.issuer), !rule.uses(.issuer), !draft.sharedUsers else { return }
        // With {user} in the keys, it is a problem already.
        guard !rule.uses(.user), areAmbiguous(userIssuers(of: rule)) else { return }
        log.warning(
            at: rule.prefix.position,
            "{user} in the metadata or tags of the rule \((rule.name ?? "").quoted) does not tell apart users of the same name of different issuers",
            "add {issuer}: metadata: {fixed: {issuer: \"{issuer}\", user: \"{user}\"}}")
    }

    /// Two rules for different issuers must not make one folder for users of the same name.
    private func checkSharedFolders() {
        guard !draft.sharedUsers, all.count > 1 else { return }
        let rules = draft.rules.filter { $0.uses(.user) && !$0.uses(.issuer) && !areAmbiguous(userIssuers(of: $0)) }
        for (index, rule) in rules.enumerated() {
            let other = rules[..<index].first { other in
                rule.sharesUserFolder(with: other) && areAmbiguous(userIssuers(of: rule) + userIssuers(of: other))
            }
            guard let other else { continue }
            let issuers = userIssuers(of: rule) + userIssuers(of: other)
            reportShared(rule, issuers, "share a folder with the rule \((other.name ?? "").quoted)")
        }
    }

    private func reportShared(_ rule: RuleDraft, _ issuers: [Issuer], _ what: String) {
        let names = Set(issuers.map(\.identifier)).sorted().prefix(3).map(\.quoted).joined(separator: ", ")
        log.problem(
            at: rule.prefix.position,
            "users of different issuers (\(names)) who have the same name would \(what)",
            "write sharedUsers: true at the top of the file to keep today's keys, if each name is the same person everywhere, or {issuer}/{user}, which changes the keys of new files"
        )
    }

    private func checkIssuerPlaceholder(of rule: RuleDraft) {
        let isInKeys = rule.uses(.issuer)
        guard isInKeys || rule.fieldsUse(.issuer) else { return }
        let title = "the rule \((rule.name ?? "").quoted) has {issuer} in its \(isInKeys ? "keys" : "metadata or tags")"
        for issuer in issuers(of: rule) where issuer.name == nil {
            let entry = own.first { $0.issuer == issuer }
            log.problem(
                at: entry?.position ?? rule.prefix.position,
                "\(title), and the issuer \(issuer.identifier.quoted) has no name",
                "write name: staff, or another short word, in the issuer's entry")
        }
        for key in keys(of: rule) where key.value.issuer == nil {
            log.problem(
                at: key.position,
                "\(title), and the API key \(key.value.id.quoted) does not say whose users it names",
                "write issuer: with the name of an issuer in the key's entry, or limit the key to other rules")
        }
    }

    private func checkAttributes(of rule: RuleDraft) {
        let issuers = issuers(of: rule)
        for name in rule.attributes {
            let missing = issuers.filter { issuer in !issuer.attributes.contains { $0.name == name } }
            let message = "{claim.\(name)} is an attribute of no issuer whose users can use the rule"
            let advice = "write attributes: {\(name): CLAIM} in the issuer's entry"
            if missing.count == issuers.count {
                if !isComplete, draft.acceptedServiceIssuers != .none {
                    log.warning(
                        at: rule.prefix.position, message, "\(advice), or check with --config FILE if it is service-wide")
                } else {
                    log.problem(at: rule.prefix.position, message, advice)
                }
            } else if let issuer = missing.first {
                log.warning(
                    at: rule.prefix.position,
                    "users of \(issuer.identifier.quoted) can get no tickets of this rule: the issuer does not declare {claim.\(name)}",
                    "\(advice), or write issuers: with the names of the others in the rule")
            }
        }
    }

    private func keyIssuers() -> KeyIssuers {
        var result = KeyIssuers()
        if let users = users(of: all), users.count == 1 { result.only = users.first }
        for key in draft.apiKeys {
            guard let name = key.value.issuer else { continue }
            let named = all.filter { $0.name == name }
            if named.isEmpty {
                reportUnknown(Located(value: name, position: key.position))
                continue
            }
            guard let users = users(of: named), users.count == 1 else {
                log.problem(
                    at: key.position,
                    "the issuer \(name.quoted) stands for several issuers, one for each value of its placeholder",
                    "name another issuer, or give the tenant one alias for it")
                continue
            }
            result.named[name] = users.first
        }
        return result
    }
}

extension [IssuerDraft] {
    /// Reports different issuers with the same name, which `{issuer}` stands for.
    func checkNames(besides others: [Issuer] = [], log: DiagnosticLog) {
        var known: [String: IssuerPattern] = [:]
        for issuer in others { if let name = issuer.name { known[name] = issuer.pattern } }
        for entry in self {
            guard let name = entry.name else { continue }
            guard let other = known[name.value] else {
                known[name.value] = entry.pattern
                continue
            }
            guard !other.text.hasSameBytes(as: entry.pattern.text) else { continue }
            log.problem(
                at: name.position,
                "the issuer \(other.text.quoted) is named \(name.value.quoted) too",
                "give each issuer its own name; only entries of one issuer can share one")
        }
    }
}

extension RuleDraft {
    /// Whether the rule's keys have a placeholder.
    func uses(_ placeholder: KeyTemplate.Placeholder) -> Bool {
        prefix.value.uses(placeholder) || keyName?.uses(placeholder) ?? false
    }

    /// Whether the rule's metadata or tags have a placeholder.
    func fieldsUse(_ placeholder: KeyTemplate.Placeholder) -> Bool {
        rule?.storage.uses(placeholder) ?? false
    }

    /// The names of the attributes in the rule's keys, metadata and tags, each once.
    fileprivate var attributes: [String] {
        let fields = (rule?.storage.placeholders ?? []).map { KeyTemplate.Part.placeholder($0) }
        return KeyTemplate.attributes(of: prefix.value.parts + (keyName?.parts ?? []) + fields)
    }
}

extension TenantDraft {
    /// By default service-wide issuers count only for a tenant without issuers of its own.
    var acceptedServiceIssuers: ServiceIssuers {
        serviceIssuers?.value ?? (issuers.isEmpty ? .all : .none)
    }
}
