// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevStore
import Logging
import PosternServer
import RuleFiles

/// `postern dev`: everything on this machine.
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run everything on this machine: an example tenant, a local key, a store and a page.",
        discussion: """
            Writes an example tenant and a signing key to --folder when they are not there yet, starts a small S3 store on \
            loopback that enforces every policy, and serves a page that uploads to it. Edit the tenant's file and start again \
            to try other rules. Nothing here is for production: the page hands a token to whoever opens it.
            """
    )

    @Option(help: ArgumentHelp("Where the tenant, the key and the uploaded files are kept.", valueName: "dir"))
    var folder = "postern-dev"

    @Option(help: ArgumentHelp("Where the service and its page listen; loopback only.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(help: ArgumentHelp("Where the store listens; loopback only.", valueName: "host:port"))
    var store = "127.0.0.1:9000"

    @Option(help: ArgumentHelp("Where /healthz, /readyz and /metrics listen.", valueName: "host:port"))
    var admin = "127.0.0.1:9090"

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = "info"

    func run() async throws {
        let addresses = try DevAddresses(service: listen, store: store, admin: admin)
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("--log-level is not one of the levels: '\(logLevel)'.")
        }
        let sink = LogSink(descriptor: 2)
        LoggingSystem.bootstrap { LineLogHandler(label: $0, sink: sink, format: .text, level: level) }
        do {
            let environment = try await DevEnvironment(folder: folder, addresses: addresses)
            try await environment.run(level: level, sink: sink)
        } catch {
            sink.flush(milliseconds: 1000)
            throw StartupError(error)
        }
        sink.flush(milliseconds: 1000)
    }
}
