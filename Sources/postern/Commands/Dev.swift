// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DevStore
import Logging
import PosternServer
import RuleFiles

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
            rules: a change takes effect at once, and the page shows what is wrong with it. Pages of the tenant's origins can upload too. \
            Nothing here is for production: the page gives a token to anyone who opens it.
            """
    )

    @Option(help: ArgumentHelp("The folder for the tenant, the key and the uploaded files.", valueName: "dir"))
    var folder = "postern-dev"

    @Option(help: ArgumentHelp("Where the service and its page listen; loopback only, or see --lan.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(help: ArgumentHelp("Where the store listens; loopback only, or see --lan.", valueName: "host:port"))
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

    @Flag(
        help: ArgumentHelp(
            "Lets phones on the network in: service and store listen on this machine's address there. Everybody on that network can then upload."
        )
    )
    var lan = false

    @Option(
        help: ArgumentHelp(
            "The address for --lan, where the machine has several: one of a private network.", valueName: "address"))
    var lanAddress: String?

    func run() async throws {
        let addresses = try DevAddresses(service: listen, store: store, admin: admin, network: try networkAddress())
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
            // Before any file is written: the rule file names the store's address.
            try await addresses.check()
            let environment = try DevEnvironment(
                folder: folder, addresses: addresses, ignored: ignored, environment: ProcessInfo.processInfo.environment)
            try await environment.run(threshold: threshold, sink: sink)
        } catch {
            sink.flush(milliseconds: 1000)
            throw StartupError(error)
        }
        sink.flush(milliseconds: 1000)
    }

    /// The address that `--lan` means; nil for this machine only.
    private func networkAddress() throws -> String? {
        guard lan || lanAddress != nil else { return nil }
        guard let address = lanAddress ?? LocalNetwork.address else {
            throw ValidationError("--lan: this machine has no IPv4 address of a private network. Connect it to one.")
        }
        guard LocalNetwork.isUsable(address) else {
            throw ValidationError(
                "--lan-address must be an address of a private network, such as 192.168.1.5, not '\(address)': 'postern dev' gives tokens to anyone."
            )
        }
        return address
    }
}
