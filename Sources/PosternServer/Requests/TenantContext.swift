// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import UploadRules
import UserAuth
import WireFormats

/// A request whose caller is authenticated. The initialiser authenticates, so a route that needs a context cannot skip it.
struct TenantContext {
    let info: RequestInfo
    let principal: Principal
    let served: ServedTenant

    var tenant: Tenant { served.tenant }

    /// - Throws: `AuthenticationError`, `AccessError` if the caller's tenant is not known, ``TenantRefusal`` if it refuses the caller,
    ///   or `ProblemDetails` if the clock is implausible
    init(_ info: RequestInfo) throws {
        try ServiceClock.check(info.time)
        let principal = try info.snapshot.authenticator.authenticate(authorization: info.authorization, at: info.time)
        guard let served = info.snapshot.tenant(of: principal) else { throw AccessError.tenantUnknown }
        self.init(info: info, principal: principal, served: served)
        do throws(AccessError) {
            try tenant.checkAccess(of: principal, from: info.foreignOrigin)
        } catch {
            // It is logged and counted as any other token that is not accepted.
            let cause: any Error = error == .issuedTooEarly ? AuthenticationError.issuedTooEarly : error
            throw TenantRefusal(context: self, cause: cause)
        }
    }

    private init(info: RequestInfo, principal: Principal, served: ServedTenant) {
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

    /// Returns the rule that a request is for, although it was refused: the tenant's rule with this name, or the only permitted one if
    /// the name is nil. Nil if there is no such rule.
    func existingRule(named name: String?) -> UploadRule? {
        guard let name else { return try? rule(named: nil) }
        return tenant.rules.first { $0.name.hasSameBytes(as: name) }
    }

    /// Does something, and makes its errors refusals by the tenant, unless they have been logged and counted as such.
    func attribute<Result>(_ work: () throws -> Result) throws -> Result {
        do {
            return try work()
        } catch let error as LoggedError {
            throw error
        } catch {
            throw TenantRefusal(context: self, cause: error)
        }
    }

    /// Decides on whose behalf the upload is.
    func uploader(for request: UploadRequest) throws(AccessError) -> Uploader {
        try principal.uploader(for: request, of: tenant, keyIssuers: served.keyIssuers)
    }

    /// The caller against whom per-user limits are counted: the user with the issuer, or the API key if the request names no user.
    func limitedCaller(for uploader: Uploader) -> String {
        if case .apiKey(let key) = principal.source, uploader.user == nil { return "key " + key.id }
        return Self.limitedCaller(uploader.user ?? "", of: userIssuer ?? "")
    }

    /// The issuer of the token's user, or of the users whom the API key names; nil if that is not known.
    var userIssuer: String? {
        switch principal.source {
        case .token(let identity): identity.issuer.identifier
        case .apiKey(let key): served.keyIssuers.issuer(of: key)?.identifier
        }
    }

    /// A text that only this user of this issuer has. An issuer's identifier has no line end, since rule files refuse control
    /// characters; a user may have any character.
    static func limitedCaller(_ user: String, of issuer: String) -> String {
        "user \(issuer)\n\(user)"
    }
}

/// A tenant's refusal of an authenticated caller's request, before a rule was looked at.
struct TenantRefusal: Error {
    let context: TenantContext
    let cause: any Error
}
