// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPServer
import Logging
import PosternServer
import RuleFiles
import UnixSignals

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern serve`: the service.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the service.",
        discussion: """
            Each option can also be given as an environment variable (POSTERN_TENANTS, POSTERN_LISTEN, POSTERN_ADMIN, POSTERN_CONFIG, \
            POSTERN_TLS_CERT, POSTERN_TLS_KEY, POSTERN_LOG_FORMAT, POSTERN_LOG_LEVEL, and so on) or in the file that --config names. \
            Options take precedence over variables, and variables over the file.

            AWS credentials come from AWS's own chain (environment, shared files with AWS_PROFILE or a web identity, \
            container, instance metadata) or from what a rule file names; 'postern credentials' shows which would sign.

            Changes of rule files, keys and certificates take effect without a restart (--reload); SIGHUP reads them all at once. \
            On SIGTERM and SIGINT the service finishes the running requests (20 s at most) and exits with 0.
            """
    )

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        // A credential_process gets the variables, too.
        let resolver = SettingsResolver(
            flags: flags.values, environment: environment.filter { !ServiceNotifier.variables.contains($0.key) })
        let asked = try resolver.settings()
        var settings = asked
        // With the audit log on standard output, nothing else is written there.
        let sink = LogSink(descriptor: settings.audit == "-" ? 2 : 1)
        let (format, threshold) = (settings.logFormat, LogThreshold(settings.logLevel))
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, sink: sink, format: format, threshold: threshold)
        }
        let logger = Logger(label: "postern")
        SignalGuard.setDefaults()
        let audit: AuditLog?
        do {
            audit = try AuditLog.open(settings, logger: logger)
        } catch {
            throw StartupError(error)
        }
        let notifier = ServiceNotifier.make(environment: environment, logger: logger)
        let looks = LookRequests(
            onRequest: { notifier?.reloadRequested() }, onEnd: { notifier?.reloadEnded() })
        // Before the files are read, so that a change after that is not missed. The service goes on when its terminal is closed.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let listening = Task {
            for await _ in hangups {
                looks.request()
                audit?.reopen()
            }
        }
        defer { listening.cancel() }
        let descriptors = FileDescriptorLimit.raise()
        if settings.maxConnections > descriptors - FileDescriptorLimit.reserve {
            let most = max(1, descriptors - FileDescriptorLimit.reserve)
            logger.warning(
                "maxConnections was reduced: raise the limit of open files (ulimit -n)",
                metadata: [
                    "asked": .stringConvertible(settings.maxConnections), "connections": .stringConvertible(most),
                    "openFiles": .stringConvertible(descriptors),
                ]
            )
            settings.maxConnections = most
        }
        do {
            let start = try await SignalGuard.run {
                try await ServiceState.load(asked, logger: logger) { file in (try? resolver.overlay(file)) ?? file }
            }
            guard let (state, warnings) = start else {
                logger.notice("stopped while starting")
                sink.flush(milliseconds: 1000)
                return
            }
            for warning in warnings { logger.warning("set-up warning", metadata: ["warning": "\(warning)"]) }
            try await ServiceRunner(
                settings: settings, state: state, sink: sink, audit: audit, threshold: threshold, logger: logger, looks: looks,
                notifier: notifier
            ).run()
        } catch {
            sink.flush(milliseconds: 1000)
            throw StartupError(error)
        }
        sink.flush(milliseconds: 1000)
    }
}

/// The process's limit of open files. Each connection takes one, and the usual soft limit of 1024 is far below the default of
/// `maxConnections`.
private enum FileDescriptorLimit {
    /// Descriptors for everything but public connections: listeners, event loops, logs, files, fetches of keys and credentials, the
    /// operator's requests.
    static let reserve = 96

    /// Raises the soft limit to the hard one, if possible.
    /// - Returns: how many descriptors the process can have
    static func raise() -> Int {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        limit.rlim_cur = min(limit.rlim_max, 1 << 20)
        if before >= limit.rlim_cur || setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        return Int(clamping: limit.rlim_cur)
    }
}
