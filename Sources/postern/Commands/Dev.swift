// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevStore
import Logging
import PosternServer
import RuleFiles
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern dev`: the service, a store and a page on this machine.
struct Dev: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run everything on this machine: an example tenant, a local key, a store and a page.",
        discussion: """
            Writes an example tenant and a signing key to --folder when they are not there yet, starts a small S3 store on \
            loopback that enforces every policy, and serves a page that uploads to it. Edit the tenant's file to try other \
            rules: a change takes effect at once. Pages of the tenant's origins can upload too. Nothing here is for production: the page gives a token to anyone who opens it.
            """
    )

    @Option(help: ArgumentHelp("The folder for the tenant, the key and the uploaded files.", valueName: "dir"))
    var folder = "postern-dev"

    @Option(help: ArgumentHelp("Where the service and its page listen; loopback only.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(help: ArgumentHelp("Where the store listens; loopback only.", valueName: "host:port"))
    var store = "127.0.0.1:9000"

    @Option(help: ArgumentHelp("Where /healthz, /readyz and /metrics listen.", valueName: "host:port"))
    var admin = "127.0.0.1:9090"

    @Option(
        help: ArgumentHelp(
            "For tests of 'postern doctor': the store leaves out these checks, of size, type, key, fields, expiry and metadata, with commas between them.",
            valueName: "checks"))
    var ignore: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel = "info"

    func run() async throws {
        let addresses = try DevAddresses(service: listen, store: store, admin: admin)
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError(
                "--log-level must be one of trace, debug, info, notice, warning, error or critical, not '\(logLevel)'.")
        }
        guard let ignored = ignore.map(IgnoredCheck.parse) ?? [] else {
            let names = IgnoredCheck.allCases.map(\.rawValue).joined(separator: ",")
            throw ValidationError("--ignore must be some of \(names), with commas between them, not '\(ignore ?? "")'.")
        }
        let sink = LogSink(descriptor: 2)
        let threshold = LogThreshold(level)
        LoggingSystem.bootstrap { LineLogHandler(label: $0, sink: sink, format: .text, threshold: threshold) }
        do {
            let environment = try await DevEnvironment(
                folder: folder, addresses: addresses, ignored: ignored, environment: ProcessInfo.processInfo.environment)
            try await environment.run(threshold: threshold, sink: sink)
        } catch {
            sink.flush(milliseconds: 1000)
            throw StartupError(error)
        }
        sink.flush(milliseconds: 1000)
    }
}

/// The three addresses of `postern dev`.
struct DevAddresses: Sendable {
    let service: ListenAddress
    let store: ListenAddress
    let admin: ListenAddress

    /// - Throws: `ValidationError` for a text that is not an address, or an address that is not on this machine
    init(service: String, store: String, admin: String) throws {
        self.service = try Self.loopback("--listen", service)
        self.store = try Self.loopback("--store", store)
        self.admin = try Self.loopback("--admin", admin)
    }

    private static func loopback(_ name: String, _ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ValidationError("\(name) must be HOST:PORT such as 127.0.0.1:8080, not '\(text)'.")
        }
        guard Host(address.host)?.isLoopback == true else {
            throw ValidationError(
                "\(name): 'postern dev' gives tokens to anyone and listens on this machine only: 127.0.0.1, ::1 or localhost.")
        }
        guard address.port > 0, address.port != 80 else {
            throw ValidationError("\(name): choose a port from 1 to 65535 other than 80; the rule file and the page name it.")
        }
        return address
    }
}
