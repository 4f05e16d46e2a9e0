// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

/// A tenant under one set of rules.
struct RuledTenant {
    let file: TenantFile
    /// What the file says.
    let root: YAMLNode
    /// Those of the service-wide file; empty if it is not known.
    let serviceIssuers: [Issuer]
    let judge: RuleJudge

    init(_ file: TenantFile, root: YAMLNode, serviceIssuers: [Issuer]) {
        self.file = file
        self.root = root
        self.serviceIssuers = serviceIssuers
        judge = RuleJudge([file], serviceIssuers: serviceIssuers)
    }

    var tenant: Tenant { file.tenant }

    func rule(named name: String) -> UploadRule? { tenant.rules.first { $0.name.hasSameBytes(as: name) } }

    /// The service-wide issuers whose tokens can be for the tenant.
    var acceptedServiceIssuers: [Issuer] { serviceIssuers.filter { file.serviceIssuers.accept($0.name) } }

    /// What a service-wide issuer's tenant claim can hold.
    func claimValues(for issuer: Issuer) -> [String] {
        guard file.hasAliases else { return [tenant.id] }
        return file.aliases.filter { $0.issuer == nil || $0.issuer == issuer.name }.map(\.value.text)
    }
}

/// Who makes the request of a probe.
enum ProbeCaller {
    case issuer(Issuer, isServiceWide: Bool)
    case apiKey(APIKeyRecord)
}

/// Makes requests that the new rules of a tenant take, and aims them at what has changed.
struct ProbeMaker {
    let old: RuledTenant?
    let new: RuledTenant
    /// When the requests are made, in seconds since 1970.
    var time: Double

    /// Which rules and callers a change is about.
    struct Scope {
        var rules: [UploadRule]
        var callers: [ProbeCaller]
    }

    /// All of the new rules and callers.
    var everything: Scope {
        let own = new.file.issuers.map { ProbeCaller.issuer($0, isServiceWide: false) }
        let shared = new.acceptedServiceIssuers.map { ProbeCaller.issuer($0, isServiceWide: true) }
        return Scope(rules: new.tenant.rules, callers: own + shared + new.file.apiKeys.map { .apiKey($0) })
    }

    /// Callers who can use a rule, first those to whom the old rules give a ticket too: what they refuse such a caller is due to
    /// what has changed.
    func callers(of rule: UploadRule, _ scope: Scope) -> [ProbeCaller] {
        let usable = scope.callers.prefix(64).compactMap { caller -> (caller: ProbeCaller, isKnown: Bool)? in
            guard let probe = base(rule, caller, isFriendly: true), case .granted = new.judge.verdict(on: probe) else {
                return nil
            }
            guard let old, case .granted = old.judge.verdict(on: probe) else { return (caller, false) }
            return (caller, true)
        }
        return usable.filter(\.isKnown).map(\.caller) + usable.filter { !$0.isKnown }.map(\.caller)
    }

    // MARK: Requests that the new rules take

    /// Requests by each caller for each rule: such as the old rules take too, where that is possible, then such that meet only the
    /// new rules' demands.
    func plain(_ scope: Scope) -> [Probe] {
        [true, false].flatMap { isFriendly in
            scope.rules.prefix(64).flatMap { rule in
                callers(of: rule, scope).prefix(16).compactMap { base(rule, $0, isFriendly: isFriendly) }
            }
        }
    }

    /// - Parameter isFriendly: whether the request also meets the demands of the old rule of this name, where it can
    func base(_ rule: UploadRule, _ caller: ProbeCaller, isFriendly: Bool) -> Probe? {
        let before = isFriendly ? old?.rule(named: rule.name) : nil
        var request = UploadRequest(rule: rule.name, contentType: type(for: rule, before))
        request.size = size(for: rule, before)
        if rule.checksum.isRequired || before?.checksum.isRequired ?? false {
            let shared = rule.checksum.algorithms.first { before?.checksum.algorithms.contains($0) ?? true }
            if let algorithm = shared ?? rule.checksum.algorithms.first { request.checksum = Self.checksum(algorithm) }
        }
        request.parameters = rule.parameters.map { ($0.name, Self.values(of: $0.kind)[0]) }
        switch caller {
        case .apiKey(let key):
            if rule.usesUser || key.allowUsers != nil {
                let users = key.allowUsers ?? (1...100).map { "u\($0)" }
                request.user = users.first { !(new.tenant.denial?.refuses(user: $0) ?? false) }
            }
            return Probe(
                caller: .apiKey(tenant: new.tenant.id, id: key.id, sha256: key.sha256), request: request, time: time)
        case .issuer(let issuer, let isServiceWide):
            let scopes = [rule.requireScope, before?.requireScope].compactMap(\.self)
            let maker = at(earliestTokenTime(isFriendly: isFriendly))
            guard let token = maker.token(of: issuer, isServiceWide: isServiceWide, scopes: scopes) else { return nil }
            let probe = Probe(caller: .token(token), request: request, time: maker.time)
            guard isFriendly, let before = oldEntry(of: issuer, isServiceWide: isServiceWide) else { return probe }
            return probe.withClaims { Self.meet(before, &$0) }
        }
    }

    /// When the next token is issued that is not too old for the tenant.
    private func earliestTokenTime(isFriendly: Bool) -> Double {
        let instants = [new.tenant.denial?.issuedBefore, isFriendly ? old?.tenant.denial?.issuedBefore : nil]
        return instants.compactMap(\.self).reduce(time) { max($0, $1) }
    }

    /// The old entry of an issuer that is likeliest the same.
    private func oldEntry(of issuer: Issuer, isServiceWide: Bool) -> Issuer? {
        let entries = isServiceWide ? old?.serviceIssuers : old?.file.issuers
        let same = (entries ?? []).filter { $0.pattern.text.hasSameBytes(as: issuer.pattern.text) }
        return same.first { $0.name == issuer.name } ?? same.first
    }

    private func type(for rule: UploadRule, _ before: UploadRule?) -> String {
        let example = rule.contentTypes.example.type
        let types = [example] + rule.contentTypes.patterns.filter { $0.utf8.last != UInt8(ascii: "*") }
        guard let before else { return example }
        return types.first {
            before.contentTypes.signed($0, filename: nil)?.type == rule.contentTypes.signed($0, filename: nil)?.type
        }
            ?? before.contentTypes.patterns.first { rule.contentTypes.signed($0, filename: nil) != nil } ?? example
    }

    private func size(for rule: UploadRule, _ before: UploadRule?) -> Int {
        guard let before else { return rule.sizes.lowerBound }
        let least = max(rule.sizes.lowerBound, before.sizes.lowerBound)
        return rule.sizes.contains(least) ? least : rule.sizes.lowerBound
    }

    static func checksum(_ algorithm: ChecksumAlgorithm) -> RequestedChecksum {
        let zeros = [UInt8](repeating: 0, count: algorithm.byteCount)
        return RequestedChecksum(algorithm: algorithm.rawValue, value: Base64.encode(zeros.span))
    }

    /// Values of a parameter; of a UUID, one whose case is changed.
    static func values(of kind: UploadParameter.Kind) -> [String] {
        switch kind {
        case .digits: ["7"]
        case .uuid: ["0000000A-0000-4000-8000-00000000000B"]
        case .name: ["a", "7", "0000000A-0000-4000-8000-00000000000B"]
        }
    }

    // MARK: Tokens

    /// A token that meets the demands of an issuer.
    /// - Returns: nil if there is none for the tenant
    func token(
        of issuer: Issuer, isServiceWide: Bool, scopes: [String], claimValue: String? = nil
    ) -> Probe.Token? {
        guard let algorithm = issuer.algorithms.first else { return nil }
        var claims = ClaimTree.empty
        let value = isServiceWide ? claimValue ?? new.claimValues(for: issuer).first : nil
        if let template = issuer.pattern.template {
            let directory = value ?? "d1"
            claims.set(ClaimPath("iss"), .text(template.beginning + directory + template.end))
            claims.set(ClaimPath(template.claim), .text(directory))
        } else {
            claims.set(ClaimPath("iss"), .text(issuer.identifier))
        }
        Self.meet(issuer, &claims)
        if isServiceWide {
            guard let value else { return nil }
            claims.add(issuer.tenantClaimOrDefault, .text(value))
        }
        let user = (1...100).map { "u\($0)" }.first { !(new.tenant.denial?.refuses(user: $0) ?? false) } ?? "u"
        claims.add(issuer.userClaim, .text(user))
        if !scopes.isEmpty, let claim = issuer.scopeClaims.first(where: { claims[$0] == nil }) {
            claims.add(claim, .text(scopes.joined(separator: " ")))
        }
        for attribute in issuer.attributes { claims.add(attribute.claim, .text("x1")) }
        claims.add(ClaimPath("iat"), .number(Int(time)))
        claims.add(ClaimPath("exp"), .number(Int(time) + min(300, issuer.maximumLifetime)))
        return Probe.Token(claims: claims, algorithm: algorithm, keys: PublishedKeys(of: issuer))
    }

    /// Adds what an issuer demands to claims that do not have it.
    private static func meet(_ issuer: Issuer, _ claims: inout ClaimTree) {
        for required in issuer.requiredClaims { claims.add(ClaimPath(required.name), .raw(required.value.description)) }
        if let audience = issuer.audiences.first { claims.add(ClaimPath(issuer.audienceClaim), .text(audience)) }
        if let party = issuer.authorizedParties.first { claims.add(ClaimPath("azp"), .text(party)) }
    }

    /// A token that meets the demands of an issuer and of another declaration too: its audience names both.
    func tokenOfBoth(_ issuer: Issuer, isServiceWide: Bool, and other: Issuer, scopes: [String]) -> Probe.Token? {
        guard let token = token(of: issuer, isServiceWide: isServiceWide, scopes: scopes) else { return nil }
        var claims = token.claims
        if let first = issuer.audiences.first, let second = other.audiences.first,
            issuer.audienceClaim.hasSameBytes(as: other.audienceClaim), !first.hasSameBytes(as: second)
        {
            claims.set(ClaimPath(issuer.audienceClaim), .list([.text(first), .text(second)]))
        }
        Self.meet(other, &claims)
        return Probe.Token(claims: claims, algorithm: token.algorithm, keys: token.keys)
    }

    /// The same for requests at another time.
    func at(_ time: Double) -> ProbeMaker {
        var maker = self
        maker.time = time
        return maker
    }
}
