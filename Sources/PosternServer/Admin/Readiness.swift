// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import Synchronization
import UploadRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Whether this process should be sent requests, and if not, why.
///
/// Ready as long as at least one tenant can be served in full: one failing provider must not take the other tenants out of the
/// load balancer. Every problem is listed in any case.
final class Readiness: Sendable {
    /// The readiness at a moment.
    struct Report: Sendable {
        var isReady: Bool
        /// Why not; or, where it is ready all the same, what keeps some tenants from being served.
        var reasons: [String]
    }

    private let listening = Atomic(false)
    private let draining = Atomic(false)
    private let state: ServiceState
    private let table = Mutex<ConnectionTable?>(nil)

    init(state: ServiceState) {
        self.state = state
    }

    /// The connections of the public listener.
    var connections: ConnectionTable? { table.withLock { $0 } }

    /// Tells of these connections too.
    func watch(_ connections: ConnectionTable) {
        table.withLock { $0 = connections }
    }

    /// The public listener is open.
    func beginListening() {
        listening.store(true, ordering: .relaxed)
    }

    /// The service is stopping.
    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    func report(at now: Date) -> Report {
        let snapshot = state.current
        var reasons = Self.amiss(snapshot, at: now)
        var isReady = reasons.isEmpty || snapshot.tenants.contains { Self.serves($0, snapshot, at: now) }
        if let connections, connections.isFull {
            // It stays ready: the other instances of a fleet would only fill up next.
            reasons.append("the public listener has as many connections as it may: idle ones make room for new ones")
        }
        if let problem = ClockRange.problem(of: now) {
            isReady = false
            reasons.insert(problem, at: 0)
        }
        if !listening.load(ordering: .relaxed) {
            isReady = false
            reasons.insert("the public listener is not open yet", at: 0)
        }
        if draining.load(ordering: .relaxed) {
            isReady = false
            reasons.insert("the service is stopping", at: 0)
        }
        return Report(isReady: isReady, reasons: reasons)
    }

    /// Every source of credentials that cannot sign and every issuer without keys.
    private static func amiss(_ snapshot: ServiceSnapshot, at now: Date) -> [String] {
        var seen: Set<String> = []
        return snapshot.refreshed.compactMap { source in
            // Two key sets of one issuer are one sentence.
            source.shortage(at: now).flatMap { seen.insert($0).inserted ? $0 : nil }
        }
    }

    /// Whether the tenant has signing credentials and all of its issuers have keys.
    private static func serves(_ served: ServedTenant, _ snapshot: ServiceSnapshot, at now: Date) -> Bool {
        served.credentials.problem(at: now) == nil && snapshot.issuers.haveKeys(for: served.tenant.id)
    }
}
