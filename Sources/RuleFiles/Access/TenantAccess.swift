// SPDX-License-Identifier: Apache-2.0

package import UploadRules
package import UserAuth
import WireFormats

// Who may use which rule of a tenant, and for which user: the same for tickets, `GET /v1/rules` and the command line.

extension Tenant {
    /// Checks whether the tenant refuses a caller although the token or API key is valid.
    /// - Parameters:
    ///   - principal: a caller of this tenant
    ///   - origin: the value of the request's `Origin`; nil if it has none
    package func checkAccess(of principal: Principal, from origin: String? = nil) throws(AccessError) {
        if isSuspended { throw .tenantSuspended }
        if let denial, case .token(let identity) = principal.source {
            if denial.refusesToken(issuedAt: identity.issuedAt) { throw .issuedTooEarly }
            if let user = principal.user, denial.refuses(user: user) { throw .userDenied }
        }
        if let origin, !origins.contains(origin) { throw .originNotAllowed }
    }
}

// MARK: Rules

extension Principal {
    /// The rules that the caller may name: a rule may be for some issuers or API keys, and an API key may be limited to some rules.
    package func permittedRules(of tenant: Tenant) -> [UploadRule] {
        if case .token = source, !tenant.hasRestrictedRules { return tenant.rules }
        return tenant.rules.filter { restriction(of: $0) == nil }
    }

    /// Why a caller may not name a rule.
    package enum Restriction: Sendable, Hashable {
        /// The rule is only for API keys.
        case apiKeysOnly
        /// The rule is only for users of other issuers.
        case issuers
        /// The API key is limited to other rules.
        case rulesOfKey
    }

    /// Returns why the caller may not name a rule of its tenant; nil if it may.
    package func restriction(of rule: UploadRule) -> Restriction? {
        switch source {
        case .token(let identity):
            if rule.apiKeysOnly { return .apiKeysOnly }
            return rule.isFor(issuer: identity.issuerName) ? nil : .issuers
        case .apiKey(let key):
            if let rules = key.rules, !rules.contains(rule.name) { return .rulesOfKey }
            return rule.isFor(issuer: key.issuer) ? nil : .issuers
        }
    }

    /// The permitted rules that require no scope or one that the caller has.
    package func usableRules(of tenant: Tenant) -> [UploadRule] {
        permittedRules(of: tenant).filter { $0.requireScope.map(hasScope) ?? true }
    }

    /// Returns the rule with this name, or the only permitted one if the name is nil. A refusal names only usable rules.
    package func rule(named name: String?, of tenant: Tenant) throws(Refusal) -> UploadRule {
        try tenant.rule(named: name, among: permittedRules(of: tenant), telling: usableRules(of: tenant))
    }

    /// The tenant's rules that the caller cannot use, or not for every key, with the reason for an operator.
    package func unusableRules(of tenant: Tenant) -> [(name: String, reason: String)] {
        tenant.rules.compactMap { rule in
            if let restriction = restriction(of: rule) { return (rule.name, reason(restriction, rule)) }
            if let scope = rule.requireScope, !hasScope(scope) { return (rule.name, "needs the scope \(scope)") }
            guard case .token(let identity) = source else { return nil }
            let missing = rule.attributes.filter { name in !identity.attributes.contains { $0.name == name } }
            return missing.isEmpty ? nil : (rule.name, "needs the claim \(missing.joined(separator: ", "))")
        }
    }

    private func hasScope(_ scope: String) -> Bool {
        scopes.contains { $0.hasSameBytes(as: scope) }
    }

    private func reason(_ restriction: Restriction, _ rule: UploadRule) -> String {
        switch restriction {
        case .apiKeysOnly: "is only for API keys"
        case .rulesOfKey: "is not among the key's rules"
        case .issuers: "is only for users of \(rule.issuers?.joined(separator: ", ") ?? "others")"
        }
    }
}

extension UploadRule {
    /// - Parameter issuer: the name of the issuer of the caller's users; nil if it has none
    fileprivate func isFor(issuer: String?) -> Bool {
        guard let issuers else { return true }
        return issuer.map(issuers.contains) ?? false
    }
}

// MARK: Users

extension Principal {
    /// Decides on whose behalf an upload is: a token's own user, or the user whom the request of an API key names.
    /// - Parameters:
    ///   - request: the request, of which only the user is looked at
    ///   - tenant: the caller's tenant
    ///   - keyIssuers: whose users the tenant's API keys name
    package func uploader(
        for request: UploadRequest, of tenant: Tenant, keyIssuers: @autoclosure () -> KeyIssuers
    ) throws(AccessError) -> Uploader {
        switch source {
        case .token(let identity):
            guard request.user == nil else { throw .userNamedByToken }
            return Uploader(
                tenant: tenant.id, user: user, issuer: identity.issuer.segment, attributes: identity.attributes, scopes: scopes)
        case .apiKey(let key):
            if let user = request.user { try Self.check(user, of: tenant) }
            if let allowUsers = key.allowUsers {
                guard let user = request.user else { throw .userMissing }
                guard allowUsers.contains(where: { $0.hasSameBytes(as: user) }) else { throw .userNotAllowed }
            }
            return Uploader(
                tenant: tenant.id, user: request.user, issuer: keyIssuers().issuer(of: key)?.segment, scopes: scopes)
        }
    }

    /// Checks the user whom the request of an API key names.
    private static func check(_ user: String, of tenant: Tenant) throws(AccessError) {
        guard (1...Uploader.maximumUserBytes).contains(user.utf8.count) else { throw .userInvalid }
        if tenant.denial?.refuses(user: user) ?? false { throw .userDenied }
    }
}
