// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import RuleFiles
import Synchronization
import UploadRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Decides whether this process should receive requests.
///
/// It is ready as long as all users of one tenant can get tickets for one of its stores: one failing provider must not take the
/// other tenants and stores out of the load balancer. All problems are listed in any case.
final class Readiness: Sendable {
    struct Report: Sendable {
        var isReady: Bool
        /// Why no tenant is served: it is not listening, or stops, or its clock is wrong.
        var general: [String] = []
        /// The sources of credentials that cannot sign, and the issuers without keys.
        var sources: [String]
        /// Why some requests may be refused.
        var limits: [String] = []

        /// Why it is not ready, or what prevents some tenants from being served.
        var reasons: [String] { general + sources + limits }
    }

    /// The connections of the public listener.
    let connections: ConnectionTable

    private let isListening = Atomic(false)
    private let isDraining = Atomic(false)
    private let state: ServiceState
    private let audit: AuditLog?

    init(state: ServiceState, connections: ConnectionTable, audit: AuditLog? = nil) {
        self.state = state
        self.connections = connections
        self.audit = audit
    }

    /// Call when the public listener is open.
    func beginListening() {
        isListening.store(true, ordering: .relaxed)
    }

    /// Call when the service begins to stop.
    func beginDraining() {
        isDraining.store(true, ordering: .relaxed)
    }

    /// - Parameter snapshot: the snapshot in force; nil to read it
    func report(of snapshot: ServiceSnapshot? = nil, at now: Date) -> Report {
        let snapshot = snapshot ?? state.current
        var report = Report(isReady: true, sources: snapshot.refreshed.compactMap { $0.unavailableReason(at: now) })
        if isDraining.load(ordering: .relaxed) { report.general.append("the service is stopping") }
        if !isListening.load(ordering: .relaxed) { report.general.append("the public listener is not open yet") }
        if let problem = ServiceClock.problem(of: now) { report.general.append(problem) }
        if let problem = audit?.status.problem {
            report.general.append("the audit log cannot be written, and no ticket is given: \(problem)")
        }
        if connections.isFull {
            // It stays ready: otherwise the other instances would be the next to be full.
            report.limits.append("the public listener is at its connection limit: idle connections are closed for new ones")
        }
        report.isReady =
            report.general.isEmpty
            && (report.sources.isEmpty
                || zip(snapshot.book.files, snapshot.tenants).contains { Self.isServed($0, $1, snapshot, at: now) })
        return report
    }

    /// Whether one of the tenant's stores has signing credentials and all of its issuers have keys.
    private static func isServed(
        _ file: TenantFile, _ served: ServedTenant, _ snapshot: ServiceSnapshot, at now: Date
    ) -> Bool {
        served.canSign(at: now) && snapshot.issuers.haveKeys(for: file)
    }
}
