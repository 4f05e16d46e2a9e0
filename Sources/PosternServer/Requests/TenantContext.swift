// SPDX-License-Identifier: Apache-2.0

import RuleFiles
package import UploadRules
package import UserAuth
import WireFormats

/// A request whose caller is authenticated. The initialiser authenticates, so a route that needs a context cannot skip it.
struct TenantContext {
    let info: RequestInfo
    let principal: Principal
    let served: ServedTenant

    var tenant: Tenant { served.tenant }

    /// - Throws: `AuthenticationError`, or `ProblemDetails` if the clock is implausible, or if no tenant accepts the caller, the
    ///   tenant does not list the origin, or refuses everyone or this user
    init(_ info: RequestInfo) throws {
        try ServiceClock.check(info.time)
        let principal = try info.snapshot.authenticator.authenticate(authorization: info.authorization, at: info.time)
        guard let served = info.snapshot.tenant(of: principal) else {
            throw ProblemDetails(
                .tenantUnknown,
                detail: "The token is valid, but no tenant here accepts it: ask the operator to add or change a rule file.")
        }
        try served.tenant.checkAccess(of: principal)
        if let origin = info.origin, !served.tenant.origins.contains(origin) {
            throw ProblemDetails(
                .originNotAllowed,
                detail:
                    "Pages from this origin may not request tickets of this tenant; add the origin to 'origins' in its rule file."
            )
        }
        self.info = info
        self.principal = principal
        self.served = served
    }

    // MARK: Rules

    /// The rules under which this caller can get a ticket.
    var usableRules: [UploadRule] { principal.usableRules(of: tenant) }

    /// Finds the rule with this name, or the only permitted one if the name is nil. A refusal lists only ``usableRules``.
    func rule(named name: String?) throws(Refusal) -> UploadRule {
        try tenant.rule(named: name, among: principal.permittedRules(of: tenant), telling: usableRules)
    }

    // MARK: Users

    /// Decides on whose behalf the upload is: a token's own user, or the user whom the request of an API key names.
    func uploader(for request: UploadRequest) throws(ProblemDetails) -> Uploader {
        switch principal.source {
        case .token(let identity):
            guard request.user == nil else {
                throw ProblemDetails(
                    .userNotAllowed,
                    detail: "A token is for its own user: leave 'user' out. Only requests with an API key may name a user.")
            }
            return Uploader(
                tenant: tenant.id, user: principal.user, issuer: identity.issuer.segment, attributes: identity.attributes,
                scopes: principal.scopes)
        case .apiKey(let key):
            if let user = request.user { try check(user) }
            if let allowUsers = key.allowUsers {
                guard let user = request.user else {
                    throw ProblemDetails(
                        .userNotAllowed, detail: "This API key is limited to certain users: name one of them in 'user'.")
                }
                guard allowUsers.contains(where: { $0.hasSameBytes(as: user) }) else {
                    throw ProblemDetails(
                        .userNotAllowed,
                        detail: "This API key may not name that user: ask the operator to add the user to the key's 'allowUsers'."
                    )
                }
            }
            return Uploader(
                tenant: tenant.id, user: request.user, issuer: served.keyIssuers.issuer(of: key)?.segment,
                scopes: principal.scopes)
        }
    }

    /// Checks the user whom the request of an API key names.
    private func check(_ user: String) throws(ProblemDetails) {
        guard (1...Uploader.maximumUserBytes).contains(user.utf8.count) else {
            throw ProblemDetails(
                .invalidRequest, detail: "The member 'user' must have 1 to \(Uploader.maximumUserBytes) bytes.")
        }
        if tenant.denial?.refuses(user: user) ?? false { throw ProblemDetails.userDenied }
    }

    /// The caller against whom per-user limits are counted: the user with the issuer, or the API key if the request names no user.
    func limitedCaller(for uploader: Uploader) -> String {
        let issuer: String
        switch principal.source {
        case .token(let identity): issuer = identity.issuer.identifier
        case .apiKey(let key):
            if uploader.user == nil { return "key " + key.id }
            issuer = served.keyIssuers.issuer(of: key)?.identifier ?? ""
        }
        return Self.limitedCaller(uploader.user ?? "", of: issuer)
    }

    /// A text that only this user of this issuer has. An issuer's identifier has no line end, since rule files refuse control
    /// characters; a user may have any character.
    static func limitedCaller(_ user: String, of issuer: String) -> String {
        "user \(issuer)\n\(user)"
    }
}

extension Tenant {
    /// Checks whether the tenant refuses the caller although the token or API key is valid.
    /// - Throws: `tenant-suspended`, `user-denied`, or `AuthenticationError.issuedTooEarly`
    package func checkAccess(of principal: Principal) throws {
        if isSuspended {
            throw ProblemDetails(
                .tenantSuspended, detail: "The operator has suspended this tenant: no tickets are issued for it.")
        }
        guard let denial, case .token(let identity) = principal.source else { return }
        if denial.refusesToken(issuedAt: identity.issuedAt) { throw AuthenticationError.issuedTooEarly }
        if let user = principal.user, denial.refuses(user: user) { throw ProblemDetails.userDenied }
    }
}

extension ProblemDetails {
    fileprivate static let userDenied = ProblemDetails(
        .userDenied, detail: "The operator has blocked this user: no tickets are issued for the user.")
}

extension Principal {
    /// The rules that the caller may name: a rule may be for some issuers or API keys, and an API key may be limited to some rules.
    fileprivate func permittedRules(of tenant: Tenant) -> [UploadRule] {
        switch source {
        case .token(let identity):
            guard tenant.hasRestrictedRules else { return tenant.rules }
            return tenant.rules.filter { !$0.apiKeysOnly && $0.isFor(issuer: identity.issuerName) }
        case .apiKey(let key):
            return tenant.rules.filter { (key.rules?.contains($0.name) ?? true) && $0.isFor(issuer: key.issuer) }
        }
    }

    /// The permitted rules that require no scope or one that the caller has.
    package func usableRules(of tenant: Tenant) -> [UploadRule] {
        permittedRules(of: tenant).filter { rule in
            rule.requireScope.map { scope in scopes.contains { $0.hasSameBytes(as: scope) } } ?? true
        }
    }
}

extension Principal {
    /// The tenant's rules that the caller cannot use, or not for every key, with the reason for an operator.
    package func unusableRules(of tenant: Tenant) -> [(name: String, reason: String)] {
        let permitted = permittedRules(of: tenant)
        return tenant.rules.compactMap { rule in
            guard permitted.contains(where: { $0 === rule }) else { return (rule.name, reasonNotToPermit(rule)) }
            if let scope = rule.requireScope, !scopes.contains(where: { $0.hasSameBytes(as: scope) }) {
                return (rule.name, "needs the scope \(scope)")
            }
            guard case .token(let identity) = source else { return nil }
            let missing = rule.attributes.filter { name in !identity.attributes.contains { $0.name == name } }
            return missing.isEmpty ? nil : (rule.name, "needs the claim \(missing.joined(separator: ", "))")
        }
    }

    private func reasonNotToPermit(_ rule: UploadRule) -> String {
        switch source {
        case .token where rule.apiKeysOnly: "is only for API keys"
        case .apiKey(let key) where !(key.rules?.contains(rule.name) ?? true): "is not among the key's rules"
        default: "is only for users of \(rule.issuers?.joined(separator: ", ") ?? "others")"
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
