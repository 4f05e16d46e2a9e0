// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Synchronization
import TenantRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Whether this process should be sent requests, and what is amiss.
///
/// Not ready is who can serve no tenant at all: were it enough that one of fifty tenants cannot be served, one provider that is
/// down would take the others' uploads with it. What is amiss is said in either case.
final class Readiness: Sendable {
    /// How it stands at a moment.
    struct Report: Sendable {
        /// Why no request should be sent here; empty when ready.
        var reasons: [String] = []
        /// What keeps some tenants from being served.
        var degraded: [String] = []
    }

    private let draining = Atomic(false)
    private let state: ServiceState

    init(state: ServiceState) {
        self.state = state
    }

    /// The service has been told to stop.
    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    func report(at now: Date) -> Report {
        let snapshot = state.current
        var report = Report()
        let amiss = Self.amiss(snapshot, at: now)
        if !amiss.isEmpty, !snapshot.book.tenants.contains(where: { Self.serves($0, snapshot, at: now) }) {
            report.reasons = amiss
        } else {
            report.degraded = amiss
        }
        if draining.load(ordering: .relaxed) { report.reasons.insert("the service is stopping", at: 0) }
        return report
    }

    /// Every source of credentials that cannot sign and every issuer without keys.
    private static func amiss(_ snapshot: ServiceSnapshot, at now: Date) -> [String] {
        var sentences: [String] = []
        for source in snapshot.credentials.sources {
            guard let problem = source.problem(at: now) else { continue }
            sentences.append("credentials of \(source.origin): \(problem)")
        }
        var seen: Set<String> = []
        for entry in snapshot.issuers.all where entry.issuer.keys.current == nil && seen.insert(entry.issuer.issuer).inserted {
            sentences.append("issuer \(entry.issuer.issuer): its keys have not been fetched")
        }
        return sentences
    }

    /// Whether somebody can get a ticket of the tenant.
    private static func serves(_ tenant: Tenant, _ snapshot: ServiceSnapshot, at now: Date) -> Bool {
        guard let source = snapshot.credentials.credentials(of: tenant), source.problem(at: now) == nil else { return false }
        return !tenant.apiKeys.isEmpty || snapshot.issuers.haveKeys(for: tenant.id)
    }
}
