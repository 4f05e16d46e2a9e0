// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import PosternServer
import RuleFiles
import ServiceLifecycle
import UnixSignals

/// Runs the service's listeners until a signal, and then lets them finish.
struct ServiceRunner {
    let settings: ServiceSettings
    let state: ServiceState
    let sink: LogSink
    let logger: Logger
    /// Further services that live and end with the listeners.
    var companions: [any Service] = []
    /// Answers `GET /`, or nil where the request may not have it; `serve` has none.
    var frontPage: (@Sendable (RequestHead) -> Response?)?
    /// The names under which the public listener may be asked; nil for any.
    var hosts: HostNames?
    /// Called once the public listener is open.
    var onListening: @Sendable (Int) async -> Void = { _ in }

    func run() async throws {
        let scheme = settings.tls == nil ? "http" : "https"
        let (listen, admin, tenants) = (settings.listen, settings.admin, state.current.book.tenants.count)
        let (logger, onListening) = (logger, onListening)
        let app = try buildPostern(
            settings: settings, state: state, sink: sink, logger: logger, frontPage: frontPage, hosts: hosts
        ) { port in
            logger.notice(
                "listening",
                metadata: [
                    "url": "\(scheme)://\(listen.host):\(port)", "admin": "http://\(admin)", "tenants": "\(tenants)",
                    "version": "\(PosternVersion.current)",
                ]
            )
            await onListening(port)
        }
        // Ended in reverse: the public listener drains first while /readyz already says no.
        var configuration = ServiceGroupConfiguration(
            services: companions + [app.refresh, app.memory, app.adminListener, app.publicListener],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = .seconds(20) + settings.drainDelay
        configuration.maximumCancellationDuration = .seconds(2)
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("stopped")
    }
}
