// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Where one request becomes one ticket or one problem, whether it came alone or in a batch.
struct TicketIssuer: Sendable {
    let signer: PolicySigner
    let decisions: DecisionLog
    let random = RandomPool()

    /// request → authenticate (the context) → rule → admit → policy → sign → ticket
    /// - Parameter json: the request as it came
    /// - Throws: `LoggedProblem`
    func ticket(for json: JSONValue, _ context: TenantContext) throws -> Ticket {
        var rule: String?
        do {
            let asked = try UploadRequest(json)
            rule = asked.rule
            return try ticket(for: asked, context)
        } catch {
            throw refused(error, rule: rule, context)
        }
    }

    private func ticket(for asked: UploadRequest, _ context: TenantContext) throws -> Ticket {
        let now = context.arrival.time
        let tenant = context.tenant
        let uploader = try context.uploader(asking: asked)
        let rule = try context.rule(named: asked.rule)
        let credentials = try context.served.credentials.current(at: now)
        var random = random
        let id = TicketID.make(at: now, random: &random)
        let admission = try rule.admit(asked, uploader: uploader, uuid: id, at: now)
        let limiter = context.served.limiter
        let asker = rule.limits.perUser == nil ? "" : context.asker(for: uploader)
        // Before the work of a signature, which a caller over a limit does not get.
        try limiter?.check(rule, asker: asker, at: now)
        let expiry = try TicketExpiry(ruleSeconds: rule.expiry, credentials: credentials, at: now)
        let policy = try admission.policy(for: tenant.store.endpoint, expiration: expiry.instant)
        let form = try sign(policy, for: tenant.store, with: credentials, at: now)
        // Last of all that can refuse: who gets no ticket has used nothing up.
        try limiter?.admit(rule, asker: asker, at: now)
        let ticket = Ticket(
            id: id,
            url: tenant.store.endpoint.url,
            form: form,
            key: admission.key.text,
            sizes: admission.sizes,
            expiresAt: expiry.instant,
            serverTime: now,
            rule: rule.name
        )
        #if DEBUG
            try SelfCheck.judge(ticket, admission: admission, store: tenant.store, credentials: credentials)
        #endif
        context.served.countTicket(of: rule)
        decisions.issued(ticket, to: context, contentType: admission.contentType, accessKeyID: credentials.accessKeyID)
        return ticket
    }

    /// - Throws: `CredentialError` if the session token makes the form too large, `Refusal.formTooLarge` if the request does
    private func sign(
        _ policy: UploadPolicy, for store: Store, with credentials: SigningCredentials, at now: Date
    ) throws -> SignedForm {
        do throws(PolicyError) {
            return try signer.sign(policy, version: store.signature, credentials: credentials, region: store.region, at: now)
        } catch {
            if let problem = SessionTokenLength.problem(of: credentials, error) { throw problem }
            if case .formTooLarge = error { throw Refusal.formTooLarge }
            throw error
        }
    }

    private func refused(_ error: any Error, rule: String?, _ context: TenantContext) -> LoggedProblem {
        let problem = ProblemDetails(error)
        decisions.refused(problem, cause: error, to: context, rule: rule)
        return LoggedProblem(problem: problem)
    }
}
