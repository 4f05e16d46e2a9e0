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

/// The parts of a running service, put together once.
package struct PosternApp: Sendable {
    /// The public listener.
    package let publicListener: any Service
    /// The listener for the operator's tools.
    package let adminListener: any Service
    /// Keeps keys and credentials fresh.
    package let refresh: any Service
    /// Gives memory back after bursts.
    package let memory: any Service
}

/// Puts the service together: all wiring is here, and tests call the same builder.
/// - Parameters:
///   - settings: where to listen and within which limits
///   - state: rules, keys and credentials, loaded
///   - sink: where log lines go
///   - frontPage: answers `GET /`, or nil where the request may not have it; `serve` has none
///   - hosts: the names under which the public listener may be asked; nil for any, as behind proxies
///   - onListening: called with the port once the public listener is open
package func buildPostern(
    settings: ServiceSettings,
    state: ServiceState,
    sink: LogSink,
    logger: Logger,
    clock: ServiceClock = .system,
    frontPage: (@Sendable (RequestHead) -> Response?)? = nil,
    hosts: HostNames? = nil,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
) throws -> PosternApp {
    let metrics = ServiceMetrics()
    let readiness = Readiness(state: state)
    let trustedProxies = settings.trustedProxies
    let interface = PublicInterface(
        metrics: metrics,
        decisions: DecisionLog(sink: sink, format: settings.logFormat, level: settings.logLevel),
        trustedProxies: trustedProxies,
        hosts: hosts,
        frontPage: frontPage
    )
    let publicListener = HTTPListener(
        host: settings.listen.host,
        port: settings.listen.port,
        tls: try settings.tls.map { try NIOSSLContext.serving($0) },
        limits: settings.limits,
        responder: PublicResponder(interface, state: state),
        isExempt: { address in trustedProxies.contains { $0.contains(address) } },
        now: clock.now
    )
    readiness.watch(publicListener.connections)
    let admin = AdminInterface(
        readiness: readiness,
        probe: HealthProbe(address: settings.listen, usesTLS: settings.tls != nil),
        state: state,
        metrics: MetricsExposition(
            metrics: metrics, state: state, readiness: readiness, connections: publicListener.connections, sink: sink,
            clock: clock, startedAt: clock.now()),
        clock: clock,
        hosts: HostNames(settings.adminHosts)
    )
    let adminListener = HTTPListener(
        host: settings.admin.host, port: settings.admin.port, limits: settings.limits.ofAdmin, responder: admin, now: clock.now)
    return PosternApp(
        publicListener: ListenerService(
            listener: publicListener,
            address: settings.listen,
            description: "public listener",
            drainDelay: settings.drainDelay,
            onListening: { port in
                readiness.beginListening()
                await onListening(port)
            },
            onStopping: { readiness.beginDraining() }
        ),
        adminListener: ListenerService(listener: adminListener, address: settings.admin, description: "admin listener"),
        refresh: RefreshService(state: state, logger: logger, clock: clock),
        memory: MemoryService(tables: [publicListener.connections, adminListener.connections])
    )
}

extension ConnectionLimits {
    /// The admin listener has a few callers, and its connections are not counted into those of the public one.
    fileprivate var ofAdmin: ConnectionLimits {
        var limits = self
        limits.maxConnections = 64
        // All of them may be of one peer: it is then that one's idle ones that make room.
        limits.maxConnectionsPerPeer = .max
        // A probe's request arrives at once; one that takes longer may have to make room.
        limits.protectedTime = .milliseconds(100)
        limits.maxHeldBytes = 8_000_000
        return limits
    }
}
