// SPDX-License-Identifier: Apache-2.0

package import UploadRules
package import UserAuth
import WireFormats

/// A request whose caller is authenticated. The initialiser authenticates, so a route that needs a context cannot skip it.
struct TenantContext {
    let info: RequestInfo
    let principal: Principal
    let served: ServedTenant

    var tenant: Tenant { served.tenant }

    /// - Throws: `AuthenticationError`, or `ProblemDetails` if the clock is implausible, the tenant is unknown or does not list the
    ///   origin
    init(_ info: RequestInfo) throws {
        try ServiceClock.check(info.time)
        let principal = try info.snapshot.authenticator.authenticate(authorization: info.authorization, at: info.time)
        guard let served = info.snapshot.tenant(principal.tenant) else {
            throw ProblemDetails(
                .tenantUnknown, detail: "The token is valid, but its tenant has no rule file here: ask the operator to add one.")
        }
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
        case .token:
            guard request.user == nil else {
                throw ProblemDetails(
                    .userNotAllowed,
                    detail: "A token is for its own user: leave 'user' out. Only requests with an API key may name a user.")
            }
            return Uploader(tenant: tenant.id, user: principal.user, scopes: principal.scopes)
        case .apiKey(_, _, let allowUsers):
            if let user = request.user, user.isEmpty || user.utf8.count > Uploader.maximumUserBytes {
                throw ProblemDetails(
                    .invalidRequest, detail: "The member 'user' must have 1 to \(Uploader.maximumUserBytes) bytes.")
            }
            if let allowUsers {
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
            return Uploader(tenant: tenant.id, user: request.user, scopes: principal.scopes)
        }
    }

    /// The caller against whom per-user limits are counted: the user, or the API key if the request names no user.
    func limitedCaller(for uploader: Uploader) -> String {
        if let user = uploader.user { return "user " + user }
        guard case .apiKey(let id, _, _) = principal.source else { return "" }
        return "key " + id
    }
}

extension Principal {
    /// The rules that the caller may name: an API key may be limited to some.
    fileprivate func permittedRules(of tenant: Tenant) -> [UploadRule] {
        guard case .apiKey(_, let names?, _) = source else { return tenant.rules }
        return tenant.rules.filter { names.contains($0.name) }
    }

    /// The permitted rules that require no scope or one that the caller has.
    package func usableRules(of tenant: Tenant) -> [UploadRule] {
        permittedRules(of: tenant).filter { rule in
            rule.requireScope.map { scope in scopes.contains { $0.hasSameBytes(as: scope) } } ?? true
        }
    }
}
