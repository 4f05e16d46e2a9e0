// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOSSL
import PostPolicy
package import ServiceLifecycle
import TenantRules

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
}

/// Puts the service together: all wiring is here, and tests call the same builder.
/// - Parameters:
///   - settings: where to listen and within which limits
///   - state: rules, keys and credentials, loaded
///   - sink: where log lines go
///   - frontPage: answers `GET /`; `serve` has none
///   - onListening: called with the port once the public listener is open
package func buildPostern(
    settings: ServiceSettings,
    state: ServiceState,
    sink: LogSink,
    logger: Logger,
    frontPage: (@Sendable (Request) async throws -> Response)? = nil,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
) throws -> PosternApp {
    let metrics = ServiceMetrics()
    let readiness = Readiness(state: state)
    let decisions = DecisionLog(sink: sink, format: settings.logFormat, level: settings.logLevel)
    let observer = ConnectionEvents(metrics: metrics)
    // The framework's own "server started" lines say nothing that ours do not.
    var frameworkLogger = logger
    if settings.logLevel == .info { frameworkLogger.logLevel = .notice }

    let router = publicRouter(settings: settings, state: state, metrics: metrics, decisions: decisions)
    if let frontPage { router.get("/") { request, _ in try await frontPage(request) } }
    var server = HTTPServerBuilder.gated(limits: settings.limits, observer: observer)
    if let tls = settings.tls {
        server = try .tls(server, tlsConfiguration: TLSConfiguration.serving(tls))
    }
    let publicApp = Application(
        router: router,
        server: server,
        configuration: .init(
            address: .hostname(settings.listen.host, port: settings.listen.port),
            backlog: 1024,
            availableConnectionsDelegate: .maximum(settings.maxConnections, logger: logger)
        ),
        onServerRunning: { channel in
            readiness.beginListening()
            await onListening(channel.localAddress?.port ?? settings.listen.port)
        },
        logger: frameworkLogger
    )
    let admin = AdminRoutes(
        readiness: readiness,
        probe: HealthProbe(address: settings.listen, usesTLS: settings.tls != nil),
        state: state,
        metrics: MetricsPage(metrics: metrics, state: state, readiness: readiness, sink: sink, startedAt: Date())
    )
    let adminApp = Application(
        router: admin.router(),
        server: .gated(limits: settings.limits, observer: ConnectionEvents(metrics: nil)),
        configuration: .init(address: .hostname(settings.admin.host, port: settings.admin.port)),
        logger: frameworkLogger
    )
    return PosternApp(
        publicListener: DrainingService(
            app: ListeningService(app: publicApp, address: settings.listen, description: "public listener"),
            readiness: readiness
        ),
        adminListener: ListeningService(app: adminApp, address: settings.admin, description: "admin listener"),
        refresh: RefreshService(state: state, logger: logger)
    )
}

/// The public routes: what is served to whom.
func publicRouter(
    settings: ServiceSettings,
    state: ServiceState,
    metrics: ServiceMetrics,
    decisions: DecisionLog
) -> Router<PublicContext> {
    let desk = TicketDesk(
        signer: PolicySigner(),
        metrics: metrics,
        decisions: decisions,
        limiter: RateLimiter()
    )
    let tickets = TicketRoute(desk: desk, limits: settings.limits)
    let batch = BatchRoute(desk: desk, limits: settings.limits)
    let rules = RulesRoute()

    let router = Router(context: PublicContext.self, options: .autoGenerateHeadEndpoints)
    router.add(
        middleware: FrontDoor(
            state: state,
            metrics: metrics,
            decisions: decisions,
            trustedProxies: settings.service?.trustedProxies ?? []
        ))
    router.get(RouterPath(RoutePath.health)) { _, _ in HealthAnswer.response }
    router.get(RouterPath(RoutePath.document)) { _, _ in DocumentAnswer.response }
    router.group(context: TenantContext.self)
        .post(RouterPath(RoutePath.tickets)) { try await tickets.respond(to: $0, $1) }
        .post(RouterPath(RoutePath.batch)) { try await batch.respond(to: $0, $1) }
        .get(RouterPath(RoutePath.rules)) { rules.respond(to: $0, $1) }
    return router
}
