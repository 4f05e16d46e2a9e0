// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

/// Finds what differs between two sets of rules for one tenant, and what of it widens access.
///
/// Each value of the files is compared by ``ComparedKeys``, so no change is overlooked. What a value decides together with others
/// is compared besides: defaults that depend on other keys, which rule a request without a name gets, and tokens that fit two
/// entries.
struct TenantComparison {
    let id: String
    let old: RuledTenant?
    let new: RuledTenant?
    /// Where there is no old file: it refuses everything.
    private let oldJudge: RuleJudge
    /// Whether the service-wide files are known.
    private let knowsService: Bool
    /// When requests are made that show something, in seconds since 1970.
    private let time: Double

    init(_ id: String, old: RuledTenant?, new: RuledTenant?, knowsService: Bool, at time: Double) {
        (self.id, self.old, self.new, self.knowsService, self.time) = (id, old, new, knowsService, time)
        oldJudge = old?.judge ?? RuleJudge([], serviceIssuers: [])
    }

    /// All differences: those of the tenant by the order of its keys, then those of its rules.
    func changes() -> [RuleChange] {
        guard let new else {
            guard let old else { return [] }
            return [
                RuleChange(
                    tenant: id, key: "tenant", .removed, file: old.file.path, at: old.root.position, widens: false)
            ]
        }
        let maker = ProbeMaker(old: old, new: new, time: time)
        guard let old else {
            let witness = firstWitness(maker.plain(maker.everything))
            return [
                RuleChange(
                    tenant: id, key: "tenant", .added, file: new.file.path, at: new.root.position, widens: true,
                    witness: witness)
            ]
        }
        let pair = Pair(id: id, old: old, new: new, maker: maker)
        var changes = tenantChanges(pair) + storeChanges(pair)
        let issuers = NamedElement.issuers(of: old, new)
        changes += issuerChanges(issuers, pair) + keyChanges(pair) + defaultChanges(pair, besides: changes)
        changes += ruleChanges(pair)
        return changes + namelessChanges(pair, besides: changes) + ambiguityChanges(issuers, pair)
    }

    /// Both sides of a tenant that has changed.
    private struct Pair {
        let id: String
        let old: RuledTenant
        let new: RuledTenant
        let maker: ProbeMaker

        /// The mapping `auth` of both.
        var auth: (old: YAMLNode?, new: YAMLNode?) { (old.root["auth"], new.root["auth"]) }
    }

    // MARK: Witnesses

    private func firstWitness(_ probes: [Probe]) -> Witness? {
        guard let new else { return nil }
        for probe in probes.prefix(Self.maximumProbes) {
            if let witness = Witness(probe, old: oldJudge, new: new.judge) { return witness }
        }
        return nil
    }

    /// So many requests are tried for one change.
    private static let maximumProbes = 1000

    /// Makes the change of one value.
    /// - Parameter widens: nil for what the key itself says
    private func change(
        _ leaf: LeafChange, rule: String? = nil, path: String, _ pair: Pair, _ scope: ProbeMaker.Scope, widens: Bool? = nil
    ) -> RuleChange {
        let widens = widens ?? leaf.key.direction.widens(from: leaf.oldValue, to: leaf.newValue) ?? true
        let witness = widens ? firstWitness(pair.maker.probes(for: leaf, scope)) : nil
        return RuleChange(
            tenant: id, rule: rule, key: path, .changed, leaf.texts,
            file: leaf.new == nil ? pair.old.file.path : pair.new.file.path,
            at: leaf.new?.position ?? leaf.old?.position ?? .start, widens: widens, witness: witness)
    }

    private func addition(
        _ key: String, rule: String? = nil, at position: YAMLPosition, _ pair: Pair, widens: Bool = true,
        _ probes: @autoclosure () -> [Probe] = []
    ) -> RuleChange {
        RuleChange(
            tenant: id, rule: rule, key: key, .added, file: pair.new.file.path, at: position, widens: widens,
            witness: widens ? firstWitness(probes()) : nil)
    }

    private func removal(
        _ key: String, rule: String? = nil, at position: YAMLPosition, _ pair: Pair
    ) -> RuleChange {
        RuleChange(
            tenant: id, rule: rule, key: key, .removed, file: pair.old.file.path, at: position, widens: false)
    }

    // MARK: The tenant

    private func tenantChanges(_ pair: Pair) -> [RuleChange] {
        let keys = ComparedKeys.tenant.filter { !["store", "stores", "auth", "rules"].contains($0.name) }
        let leaves = LeafChange.all(
            from: ComparedLeaf.all(of: pair.old.root, keys, tenant: id),
            to: ComparedLeaf.all(of: pair.new.root, keys, tenant: id),
            tenant: id)
        return leaves.map { leaf in
            let widens: Bool? =
                switch leaf.key.direction {
                case .meaning(.aliases): aliasesWiden(pair)
                case .meaning(.serviceIssuers): serviceIssuersWiden(pair)
                default: nil
                }
            return change(leaf, path: leaf.path, pair, pair.maker.everything, widens: widens)
        }
    }

    /// Whether some value of a tenant claim is the tenant's that was not.
    private func aliasesWiden(_ pair: Pair) -> Bool {
        guard pair.new.file.serviceIssuers != .none else { return false }
        func values(_ tenant: RuledTenant) -> [TenantAlias] {
            tenant.file.hasAliases ? tenant.file.aliases : [TenantAlias(value: ExactString(id), issuer: nil)]
        }
        let known = values(pair.old)
        return values(pair.new).contains { value in
            !known.contains { $0.value == value.value && ($0.issuer == nil || $0.issuer == value.issuer) }
        }
    }

    /// Whether tokens of some service-wide issuer count that did not.
    private func serviceIssuersWiden(_ pair: Pair) -> Bool {
        let (old, new) = (pair.old.file.serviceIssuers, pair.new.file.serviceIssuers)
        if knowsService { return pair.new.serviceIssuers.contains { new.accept($0.name) && !old.accept($0.name) } }
        switch (old, new) {
        case (_, .none), (.all, _): return false
        case (_, .all), (.none, _): return true
        case (.named(let old), .named(let new)): return !Set(new).isSubset(of: old)
        }
    }

    /// By default, service-wide issuers count for a tenant without issuers of its own: also when its last one is removed.
    private func defaultChanges(_ pair: Pair, besides changes: [RuleChange]) -> [RuleChange] {
        guard pair.old.file.serviceIssuers != pair.new.file.serviceIssuers,
            !changes.contains(where: { $0.key == "serviceIssuers" })
        else { return [] }
        let widens = serviceIssuersWiden(pair)
        return [
            RuleChange(
                tenant: id, key: "serviceIssuers", .changed,
                ("not set (\(pair.old.file.serviceIssuers.text))", "not set (\(pair.new.file.serviceIssuers.text))"),
                file: pair.new.file.path,
                at: pair.new.root.entry("auth")?.keyPosition ?? .start, widens: widens,
                witness: widens ? firstWitness(pair.maker.plain(pair.maker.everything)) : nil,
                remark: pair.new.file.serviceIssuers == .all
                    ? "service-wide issuers count for a tenant without issuers of its own"
                    : "service-wide issuers do not count for a tenant with issuers of its own")
        ]
    }

    // MARK: Stores

    private func storeChanges(_ pair: Pair) -> [RuleChange] {
        let (old, new) = (StoreNode.all(of: pair.old.root), StoreNode.all(of: pair.new.root))
        var changes: [RuleChange] = []
        for store in new {
            guard let before = old.first(where: { $0.name == store.name }) else {
                // Rules that name it say so themselves.
                changes.append(addition(store.path, at: store.position, pair, widens: false))
                continue
            }
            let leaves = LeafChange.all(
                from: ComparedLeaf.all(of: before.node, ComparedKeys.store, tenant: id),
                to: ComparedLeaf.all(of: store.node, ComparedKeys.store, tenant: id), tenant: id)
            let rules = pair.new.tenant.rules.filter { $0.store.name == store.name }
            var scope = pair.maker.everything
            scope.rules = rules
            changes += leaves.map { leaf in
                change(leaf, path: "\(store.path).\(leaf.path)", pair, scope, widens: storeWidens(leaf, rules, pair))
            }
        }
        for store in old where !new.contains(where: { $0.name == store.name }) {
            changes.append(removal(store.path, at: store.position, pair))
        }
        return changes
    }

    private func storeWidens(_ leaf: LeafChange, _ rules: [UploadRule], _ pair: Pair) -> Bool {
        if rules.isEmpty { return false }
        guard case .meaning = leaf.key.direction else {
            return leaf.key.direction.widens(from: leaf.oldValue, to: leaf.newValue) ?? true
        }
        return rules.contains { rule in
            pair.old.rule(named: rule.name).map { termsDiffer($0, rule, pair) } ?? false
        }
    }

    /// Whether the uploads of a rule go elsewhere, or are signed in another way.
    private func termsDiffer(_ old: UploadRule, _ new: UploadRule, _ pair: Pair) -> Bool {
        pair.old.judge.terms(of: old, in: pair.old.tenant) != pair.new.judge.terms(of: new, in: pair.new.tenant)
    }

    // MARK: Issuers and API keys

    private func issuerChanges(_ elements: [NamedElement], _ pair: Pair) -> [RuleChange] {
        elements.flatMap { element -> [RuleChange] in
            let path = "auth.issuers[\(element.label)]"
            var scope = pair.maker.everything
            scope.callers = element.new.map { [.issuer(pair.new.file.issuers[$0.index], isServiceWide: false)] } ?? []
            switch (element.old, element.new) {
            case (nil, let new?):
                return [addition(path, at: new.node.position, pair, pair.maker.plain(scope))]
            case (let old?, nil): return [removal(path, at: old.node.position, pair)]
            case (let old?, let new?):
                return LeafChange.all(from: old.leaves, to: new.leaves, tenant: id).map { leaf in
                    var widens: Bool?
                    if case .meaning = leaf.key.direction { widens = areIssuersNamed(pair) }
                    return change(leaf, path: "\(path).\(leaf.path)", pair, scope, widens: widens)
                }
            case (nil, nil): return []
            }
        }
    }

    /// Whether the name of an issuer matters: something refers to issuers by it, or `{issuer}` stands for it.
    private func areIssuersNamed(_ pair: Pair) -> Bool {
        [pair.old, pair.new].contains { side in
            side.tenant.rules.contains { rule in
                rule.issuers != nil || rule.keyPrefix.uses(.issuer) || rule.keyName.uses(.issuer) || rule.storage.uses(.issuer)
            } || side.file.apiKeys.contains { $0.issuer != nil }
        }
    }

    private func keyChanges(_ pair: Pair) -> [RuleChange] {
        NamedElement.apiKeys(of: pair.old, pair.new).flatMap { element -> [RuleChange] in
            let path = "auth.apiKeys[\(element.label)]"
            var scope = pair.maker.everything
            scope.callers = element.new.map { [.apiKey(pair.new.file.apiKeys[$0.index])] } ?? []
            switch (element.old, element.new) {
            case (nil, let new?): return [addition(path, at: new.node.position, pair, pair.maker.plain(scope))]
            case (let old?, nil): return [removal(path, at: old.node.position, pair)]
            case (let old?, let new?):
                return LeafChange.all(from: old.leaves, to: new.leaves, tenant: id).map { leaf in
                    change(leaf, path: "\(path).\(leaf.path)", pair, scope)
                }
            case (nil, nil): return []
            }
        }
    }

    // MARK: Rules

    private func ruleChanges(_ pair: Pair) -> [RuleChange] {
        let (old, new) = (pair.old.root["rules"]?.entries ?? [], pair.new.root["rules"]?.entries ?? [])
        var changes: [RuleChange] = []
        for entry in new {
            guard let rule = pair.new.rule(named: entry.key) else { continue }
            var scope = pair.maker.everything
            scope.rules = [rule]
            guard let before = old.first(where: { $0.key.hasSameBytes(as: entry.key) }),
                let oldRule = pair.old.rule(named: entry.key)
            else {
                changes.append(addition("rule", rule: entry.key, at: entry.keyPosition, pair, pair.maker.plain(scope)))
                continue
            }
            let leaves = LeafChange.all(
                from: ComparedLeaf.all(of: before.value, ComparedKeys.rule, tenant: id),
                to: ComparedLeaf.all(of: entry.value, ComparedKeys.rule, tenant: id), tenant: id)
            changes += leaves.map { leaf in
                var widens: Bool?
                switch leaf.key.direction {
                case .meaning(.contentTypes):
                    widens = !ContentTypeList.moreSigned(by: rule.contentTypes, than: oldRule.contentTypes).isEmpty
                case .meaning(.store): widens = termsDiffer(oldRule, rule, pair)
                default: if shortensPolicy(leaf, rule) { widens = true }
                }
                return change(leaf, rule: entry.key, path: leaf.path, pair, scope, widens: widens)
            }
        }
        for entry in old where !new.contains(where: { $0.key.hasSameBytes(as: entry.key) }) {
            changes.append(removal("rule", rule: entry.key, at: entry.keyPosition, pair))
        }
        return changes
    }

    /// Whether a smaller number could make a policy fit that was too long for its store.
    private func shortensPolicy(_ leaf: LeafChange, _ rule: UploadRule) -> Bool {
        guard rule.store.maxPolicyBytes != nil, let old = leaf.oldValue?.number, let new = leaf.newValue?.number else {
            return false
        }
        return ["maxSize", "minSize"].contains(leaf.path) && String(new).utf8.count < String(old).utf8.count
    }

    // MARK: What several keys decide together

    /// A request that names no rule gets the only one that its caller may use. When another one is removed or closed to the caller,
    /// such requests are no longer refused.
    private func namelessChanges(_ pair: Pair, besides changes: [RuleChange]) -> [RuleChange] {
        let keys = ["rule", "issuers", "apiKeysOnly"]
        guard
            changes.contains(where: {
                keys.contains($0.key) || $0.key.hasSuffix(".rules") || $0.key.hasSuffix(".issuer") || $0.key.hasSuffix(".name")
            })
        else {
            return []
        }
        var found: [RuleChange] = []
        for caller in pair.maker.everything.callers {
            for rule in pair.new.tenant.rules where !found.contains(where: { $0.rule == rule.name }) {
                guard var probe = pair.maker.base(rule, caller, isFriendly: true) else { continue }
                // Otherwise a change says so already.
                guard !pair.new.judge.verdict(on: probe).exceeds(oldJudge.verdict(on: probe)) else { continue }
                probe.request.rule = nil
                guard let witness = Witness(probe, old: oldJudge, new: pair.new.judge) else { continue }
                let entry = pair.new.root["rules"]?.entry(rule.name)
                found.append(
                    RuleChange(
                        tenant: id, rule: rule.name, key: "a request that names no rule", .effect,
                        file: pair.new.file.path, at: entry?.keyPosition ?? .start, widens: true, witness: witness,
                        remark: "gets this rule, since the caller may use no other"))
            }
        }
        return found
    }

    /// A token that fits two entries is refused. When one of the entries goes or demands more, the token fits the other alone.
    private func ambiguityChanges(_ elements: [NamedElement], _ pair: Pair) -> [RuleChange] {
        var found: [RuleChange] = []
        let changed = elements.filter { $0.old != nil && ($0.new == nil || $0.isChanged(tenant: id)) }
        for element in changed {
            guard let place = element.old else { continue }
            let before = pair.old.file.issuers[place.index]
            for caller in pair.maker.everything.callers {
                guard case .issuer(let issuer, let isServiceWide) = caller, issuer.pattern.overlaps(before.pattern),
                    issuer.isSymmetric == before.isSymmetric
                else { continue }
                for rule in pair.new.tenant.rules {
                    let scopes = [rule.requireScope].compactMap(\.self)
                    guard var probe = pair.maker.base(rule, caller, isFriendly: true),
                        let token = pair.maker.tokenOfBoth(issuer, isServiceWide: isServiceWide, and: before, scopes: scopes)
                    else { continue }
                    guard !pair.new.judge.verdict(on: probe).exceeds(oldJudge.verdict(on: probe)) else { continue }
                    probe.caller = .token(token)
                    guard let witness = Witness(probe, old: oldJudge, new: pair.new.judge) else { continue }
                    found.append(
                        RuleChange(
                            tenant: id, key: "auth.issuers", .effect, file: pair.old.file.path,
                            at: place.node.position, widens: true, witness: witness,
                            remark: "a token that fitted this entry and another one fits only one now"))
                    break
                }
                if found.last?.line == place.node.position.line { break }
            }
        }
        return found
    }
}

extension ServiceIssuers {
    fileprivate var text: String {
        switch self {
        case .all: "true"
        case .none: "false"
        case .named(let names): "[\(names.joined(separator: ", "))]"
        }
    }
}
