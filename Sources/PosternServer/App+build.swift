// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
import NIOCore
import NIOSSL
package import RuleFiles
package import ServiceLifecycle
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The parts of a running service.
package struct PosternApp: Sendable {
    package let publicListener: ListenerService
    package let adminListener: ListenerService
    /// Fetches keys and credentials when they are due.
    package let refresh: any Service
    /// Puts changed rules, keys and certificates into force.
    package let reload: any Service
    /// Returns memory to the system after bursts.
    package let memory: any Service
    /// Tells the service manager; nil if there is none. It is the last to stop.
    package let notifier: (any Service)?
    /// Counts the decisions of the last hour.
    package let decisions: any Service
    /// Measures how late event loops are.
    package let lag: any Service
    /// Looks after the audit log; nil if there is none.
    package let audit: (any Service)?

    /// Opens both listeners, which would otherwise open when their services run.
    package func open() async throws(ListenError) {
        try await adminListener.open()
        try await publicListener.open()
    }
}

/// Builds the service: all its parts are connected here.
/// - Parameters:
///   - settings: addresses and limits, which do not change while the service runs
///   - state: rules, keys, credentials and the certificate, loaded
///   - sink: where log lines are written
///   - audit: the audit log, opened; nil for none
///   - threshold: the level from which lines are logged; set by reloads
///   - looks: asks for a look at all files
///   - notifier: is told when the service is ready, and when it stops
///   - pages: answers `GET` and `HEAD` of paths that the interface does not have; nil for `serve`
///   - stopsAtOnce: whether a stop aborts the requests, instead of waiting for them
///   - hosts: the `Host` names that the public listener accepts; nil for any, as behind proxies
///   - onListening: called with the port when the public listener is open
package func buildPostern(
    settings: ServiceSettings,
    state: ServiceState,
    sink: LogSink,
    audit: AuditLog? = nil,
    threshold: LogThreshold,
    logger: Logger,
    looks: LookRequests = LookRequests(),
    notifier: ServiceNotifier? = nil,
    clock: ServiceClock = .system,
    pages: (@Sendable (RequestHead) -> Response?)? = nil,
    hosts: HostNames? = nil,
    stopsAtOnce: Bool = false,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
) -> PosternApp {
    let metrics = ServiceMetrics()
    let interface = PublicInterface(
        metrics: metrics,
        log: DecisionLog(sink: sink, format: settings.logFormat, threshold: threshold),
        audit: audit,
        hosts: hosts,
        pages: pages
    )
    var tls: (@Sendable () -> NIOSSLContext)?
    if let first = state.current.certificate { tls = { state.current.certificate?.context ?? first.context } }
    let publicListener = HTTPListener(
        host: settings.listen.host,
        port: settings.listen.port,
        tls: tls,
        limits: settings.limits,
        responder: PublicResponder(interface, state: state),
        isExempt: { address in state.current.settings.trustedProxies.contains { $0.contains(address) } },
        now: clock.now
    )
    let lag = EventLoopLag(loops: publicListener.eventLoops)
    let recentDecisions = RecentDecisions(metrics: metrics, tenants: { state.current.tenants }, clock: clock)
    let readiness = Readiness(state: state, connections: publicListener.connections, audit: audit)
    let probe = HealthProbe(address: settings.listen, usesTLS: settings.tls != nil)
    notifier?.watch(.init(probe: probe, status: { state.statusLine }))
    let admin = AdminInterface(
        readiness: readiness,
        probe: probe,
        state: state,
        metrics: MetricsExposition(
            metrics: metrics, state: state, readiness: readiness, connections: publicListener.connections, lag: lag,
            sink: sink, audit: audit, clock: clock, startedAt: clock.now()),
        status: StatusPage(readiness: readiness, state: state, recent: recentDecisions, sink: sink, audit: audit, clock: clock),
        clock: clock
    )
    let adminListener = HTTPListener(
        host: settings.admin.host, port: settings.admin.port, limits: settings.limits.forAdminListener, responder: admin,
        now: clock.now)
    return PosternApp(
        publicListener: ListenerService(
            listener: publicListener,
            address: settings.listen,
            description: "public listener",
            stopsAtOnce: stopsAtOnce,
            drainDelay: { state.current.settings.drainDelay },
            onListening: { port in
                probe.beginListening(on: port)
                readiness.beginListening()
                notifier?.listenerOpened()
                await onListening(port)
            },
            onStopping: {
                readiness.beginDraining()
                notifier?.stopping(within: state.current.settings.drainDelay + ListenerService.stopTimeout + .seconds(5))
            }
        ),
        adminListener: ListenerService(
            listener: adminListener, address: settings.admin, description: "admin listener", stopsAtOnce: stopsAtOnce,
            onListening: { _ in notifier?.listenerOpened() }),
        refresh: RefreshService(
            sources: { state.current.refreshed }, initialFetch: state.initialFetch, logger: logger, clock: clock),
        reload: ReloadService(
            state: state, log: ReloadLog(logger: logger), refreshLog: RefreshLog(logger: logger, clock: clock),
            threshold: threshold, clock: clock, requests: looks),
        memory: MemoryService(tables: [publicListener.connections, adminListener.connections]),
        notifier: notifier,
        decisions: DecisionSampler(recent: recentDecisions),
        lag: lag,
        audit: audit.map { AuditService(audit: $0, clock: clock) }
    )
}

extension ConnectionLimits {
    /// For the admin listener, which has few clients. Its connections are counted separately from those of the public listener.
    fileprivate var forAdminListener: ConnectionLimits {
        var limits = self
        limits.maxConnections = 64
        // One client may have all of them; its own idle connections then make room.
        limits.maxConnectionsPerPeer = .max
        // The request of a probe arrives at once; a slower one may have to make room.
        limits.protectedTime = .milliseconds(100)
        limits.maxHeldBytes = 8_000_000
        return limits
    }
}
