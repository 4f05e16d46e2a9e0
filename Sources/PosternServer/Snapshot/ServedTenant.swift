// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy
import RuleFiles
import Synchronization
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
    private let issued: TicketCounts

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
        issued = previous?.issued ?? TicketCounts()
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

    /// - Parameter rule: one of the tenant's rules
    func countTicket(of rule: UploadRule) {
        issued.add(rule.name)
    }

    /// The rules that have issued tickets, in the order of the tenant's rules.
    var issuedTickets: [(rule: String, count: Int)] {
        let counts = issued.byRule
        return tenant.rules.compactMap { rule in counts[rule.name].map { (rule.name, $0) } }
    }
}

/// Tickets issued, by the names of a tenant's rules. They outlive a change of the rules, so that a counter never decreases.
private final class TicketCounts: Sendable {
    /// In the order of the rules' first tickets.
    private let counts = Mutex<[(rule: String, count: Int)]>([])

    /// - Parameter rule: a name, which is ASCII
    func add(_ rule: String) {
        counts.withLock { counts in
            // Few rules: a dictionary would have to hash the name.
            if let index = counts.firstIndex(where: { $0.rule == rule }) {
                counts[index].count += 1
            } else {
                counts.append((rule, 1))
            }
        }
    }

    var byRule: [String: Int] {
        counts.withLock { Dictionary(uniqueKeysWithValues: $0.map { ($0.rule, $0.count) }) }
    }
}
