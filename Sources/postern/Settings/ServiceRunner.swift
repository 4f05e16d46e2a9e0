// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import PosternServer
import RuleFiles
import ServiceLifecycle
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs the service's listeners until a signal, and then shuts them down gracefully.
struct ServiceRunner {
    let settings: ServiceSettings
    let state: ServiceState
    let sink: LogSink
    /// The audit log; nil for none.
    var audit: AuditLog?
    let threshold: LogThreshold
    let logger: Logger
    /// Asks for a look at all files.
    var looks = LookRequests()
    /// Tells the service manager; nil if there is none.
    var notifier: ServiceNotifier?
    /// Further services, which run as long as the listeners.
    var companions: [any Service] = []
    /// Answers `GET` and `HEAD` of paths that the interface does not have; `serve` has none.
    var pages: (@Sendable (RequestHead) -> Response?)?
    /// The host names that the public listener accepts; nil for any.
    var hosts: HostNames?
    /// Opens the listeners before any service runs, and ends at once at a signal, as `dev` does.
    var isInteractive = false
    /// Called once the public listener is open.
    var onListening: @Sendable (Int) async -> Void = { _ in }

    func run() async throws {
        let scheme = settings.tls == nil ? "http" : "https"
        let (listen, admin, tenants) = (settings.listen, settings.admin, state.current.book.tenants.count)
        let (logger, onListening) = (logger, onListening)
        let app = buildPostern(
            settings: settings, state: state, sink: sink, audit: audit, threshold: threshold, logger: logger, looks: looks,
            notifier: notifier, pages: pages, hosts: hosts, stopsAtOnce: isInteractive
        ) { port in
            logger.notice(
                "listening",
                metadata: [
                    "url": "\(scheme)://\(ListenAddress(host: listen.host, port: port))", "admin": "http://\(admin)",
                    "tenants": .stringConvertible(tenants),
                    "version": "\(PosternVersion.current)",
                ]
            )
            await onListening(port)
        }
        if isInteractive { try await app.open() }
        // They are shut down in reverse order: the public listener drains while /readyz already answers 503.
        var configuration = ServiceGroupConfiguration(
            services: [app.notifier, app.audit].compactMap(\.self) + companions + [
                app.refresh, app.memory, app.decisions, app.lag, app.reload, app.adminListener, app.publicListener,
            ] + (isInteractive ? [SecondSignal()] : []),
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        // The listener's own bound comes first. This one has room for every drain delay, which a reload can change.
        configuration.maximumGracefulShutdownDuration = .seconds(360)
        configuration.maximumCancellationDuration = .seconds(2)
        try await ServiceGroup(configuration: configuration).run()
        logger.notice("stopped")
    }
}

/// Lets a second signal end the process, however long the stop takes. It is the first service to stop.
private struct SecondSignal: Service {
    func run() async throws {
        try? await gracefulShutdown()
        signal(SIGINT, SIG_DFL)
        signal(SIGTERM, SIG_DFL)
    }
}

/// Handles signals until the service group does: a start can wait for slow providers, and the first process of a container has
/// no default handlers that would end it.
enum SignalGuard {
    /// Does work that SIGTERM and SIGINT cancel.
    /// - Returns: nil if a signal came first; the work has ended then
    static func run<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result? {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await work() }
            group.addTask {
                for await _ in signals { break }
                return nil
            }
            defer { group.cancelAll() }
            do {
                return try await group.next() ?? nil
            } catch is CancellationError {
                return nil
            }
        }
    }

    /// Resets what a parent process may have set: while SIGCHLD is ignored, the exit status of a `credential_process` is lost. A write
    /// to a pipe that nobody reads is an error, and not the end of the process.
    static func setDefaults() {
        signal(SIGCHLD, SIG_DFL)
        signal(SIGPIPE, SIG_IGN)
    }
}
