// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import RuleFiles
package import UploadRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A tenant with everything that issuing its tickets needs, looked up once for each request.
package final class ServedTenant: Sendable {
    package let tenant: Tenant
    /// Whose users the requests of its API keys name.
    let keyIssuers: KeyIssuers
    /// Its stores, with the credentials that sign their tickets. Stores with the same source share them, also those of other tenants.
    private let signers: [(store: Store, credentials: RefreshingCredentials)]
    /// Counts against the limits of its rules; nil if none has limits.
    let limiter: RateLimiter?
    private let decisionCounts: DecisionCounts

    /// - Parameters:
    ///   - credentials: for each of the tenant's stores
    ///   - previous: the tenant under the rules before, whose counts go on
    init(
        _ tenant: Tenant, keyIssuers: KeyIssuers = KeyIssuers(), credentials: [RefreshingCredentials],
        after previous: ServedTenant? = nil
    ) {
        self.tenant = tenant
        self.keyIssuers = keyIssuers
        signers = Array(zip(tenant.stores, credentials))
        limiter = tenant.rules.contains { $0.limits != .none } ? previous?.limiter ?? RateLimiter() : nil
        decisionCounts = previous?.decisionCounts ?? DecisionCounts()
    }

    /// Forgets the counts of rules that it no longer has. Call it once its rules are in force.
    func forgetRulesThatAreGone() {
        limiter?.forgetRules(except: tenant.rules.map(\.name))
    }

    /// Returns the credentials that sign for a store, unless they have expired.
    /// - Parameter store: one of the tenant's stores
    func credentials(for store: Store, at now: Date) throws(CredentialError) -> SigningCredentials {
        // Most tenants have one store, and few have more than three.
        for signer in signers where signer.store === store { return try signer.credentials.current(at: now) }
        throw .unavailable("the store is not one of the tenant's")
    }

    /// Whether one of its stores has credentials that can sign a ticket.
    func canSign(at now: Date) -> Bool {
        signers.contains { $0.credentials.problem(at: now) == nil }
    }

    /// Its stores for which no ticket can be signed, with the reasons.
    func unavailableStores(at now: Date) -> [(store: Store, problem: CredentialError)] {
        signers.compactMap { store, credentials in credentials.problem(at: now).map { (store, $0) } }
    }

    // MARK: Decisions

    /// - Parameters:
    ///   - rule: one of the tenant's rules
    ///   - maximumBytes: the largest file that the ticket allows
    func countTicket(of rule: UploadRule, maximumBytes: Int) {
        decisionCounts.addTicket(of: rule.name, maximumBytes: maximumBytes)
    }

    /// - Parameter rule: the rule that the request was for; nil if there is no such rule
    func countRefusal(_ code: ProblemCode, of rule: UploadRule?) {
        decisionCounts.addRefusal(code, of: rule?.name ?? "")
    }

    /// The counts of the tenant's rules that have decided something, in their order, and last those of no rule.
    var decisions: [DecisionCounts.OfRule] {
        let counts = decisionCounts.byRule
        guard !counts.isEmpty else { return [] }
        return (tenant.rules.map(\.name) + [""]).compactMap { name in counts.first { $0.rule == name } }
    }

    /// See ``DecisionCounts/takeRecent()``.
    func takeRecentDecisions() -> DecisionSum? { decisionCounts.takeRecent() }
}
