// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import UploadRules
import UserAuth

/// A request whose caller is authenticated. The initialiser authenticates, so a route that needs a context cannot skip it.
struct TenantContext {
    let info: RequestInfo
    let principal: Principal
    let served: ServedTenant

    var tenant: Tenant { served.tenant }

    /// - Throws: `AuthenticationError`, `AccessError` if the caller's tenant is not known or refuses the caller, or `ProblemDetails`
    ///   if the clock is implausible
    init(_ info: RequestInfo) throws {
        try ServiceClock.check(info.time)
        let principal = try info.snapshot.authenticator.authenticate(authorization: info.authorization, at: info.time)
        guard let served = info.snapshot.tenant(of: principal) else { throw AccessError.tenantUnknown }
        do throws(AccessError) {
            try served.tenant.checkAccess(of: principal, from: info.origin)
        } catch {
            // It is logged and counted as any other token that is not accepted.
            if error == .issuedTooEarly { throw AuthenticationError.issuedTooEarly }
            throw error
        }
        self.info = info
        self.principal = principal
        self.served = served
    }

    /// The rules under which this caller can get a ticket.
    var usableRules: [UploadRule] { principal.usableRules(of: tenant) }

    /// Finds the rule with this name, or the only permitted one if the name is nil.
    func rule(named name: String?) throws(Refusal) -> UploadRule {
        try principal.rule(named: name, of: tenant)
    }

    /// Decides on whose behalf the upload is.
    func uploader(for request: UploadRequest) throws(AccessError) -> Uploader {
        try principal.uploader(for: request, of: tenant, keyIssuers: served.keyIssuers)
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
