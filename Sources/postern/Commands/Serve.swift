// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPServer
import Logging
import PosternServer
import RuleFiles

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
            Each option can also stand in the environment (POSTERN_TENANTS, POSTERN_LISTEN, POSTERN_ADMIN, POSTERN_CONFIG, \
            POSTERN_TLS_CERT, POSTERN_TLS_KEY, POSTERN_LOG_FORMAT, POSTERN_LOG_LEVEL, and so on) or in the file that --config names. \
            The command line comes before the environment, the environment before the file.

            AWS credentials come from AWS's own chain (environment, shared files with AWS_PROFILE or a web identity, \
            container, instance metadata) or from what a rule file names; 'postern credentials' tells which would sign.

            Signals: SIGTERM and SIGINT finish what runs (20 s at most) and exit 0.
            """
    )

    @OptionGroup var flags: SettingFlags

    func run() async throws {
        var settings = try SettingsResolver(flags: flags.values, environment: ProcessInfo.processInfo.environment).settings()
        let sink = LogSink()
        let (format, level) = (settings.logFormat, settings.logLevel)
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, sink: sink, format: format, level: level)
        }
        let logger = Logger(label: "postern")
        // A terminal that goes away ends no service.
        signal(SIGHUP, SIG_IGN)
        SignalGuard.setDefaults()
        let descriptors = FileDescriptorLimit.raise()
        if settings.maxConnections > descriptors - FileDescriptorLimit.reserve {
            let most = max(1, descriptors - FileDescriptorLimit.reserve)
            logger.warning(
                "fewer connections than asked for: raise the limit of open files (ulimit -n)",
                metadata: ["asked": "\(settings.maxConnections)", "connections": "\(most)", "openFiles": "\(descriptors)"]
            )
            settings.maxConnections = most
        }
        do {
            let start = try await SignalGuard.run { [settings] in try await ServiceState.load(settings, logger: logger) }
            guard let (state, warnings) = start else {
                logger.notice("stopped while starting")
                sink.flush(milliseconds: 1000)
                return
            }
            for warning in warnings { logger.warning("set-up warning", metadata: ["warning": "\(warning)"]) }
            try await ServiceRunner(settings: settings, state: state, sink: sink, logger: logger).run()
        } catch {
            sink.flush(milliseconds: 1000)
            throw StartupError(error)
        }
        sink.flush(milliseconds: 1000)
    }
}
