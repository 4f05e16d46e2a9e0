// SPDX-License-Identifier: Apache-2.0

import DevStore
import HTTPServer
import Logging
import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Sets up and runs `postern dev`: folder, identity, example tenant, store and service.
struct DevEnvironment: Sendable {
    private static let bucket = "example-uploads"
    private static let region = "us-east-1"
    private static let credentialPrefix = "POSTERN_DEV"

    private let addresses: DevAddresses
    private let folder: URL
    private let identity: DevIdentity
    private let credentials: SigningCredentials
    /// The checks that the store leaves out.
    private let ignored: Set<IgnoredCheck>

    private var api: String { "http://\(addresses.service)" }
    /// The origins under which a browser can open the page.
    private var pages: [String] { Set([api, "http://localhost:\(addresses.service.port)"]).sorted() }
    private var storeURL: String { "http://\(addresses.store)" }
    private var tenants: URL { folder.appendingPathComponent("tenants") }
    private var files: URL { folder.appendingPathComponent("files") }
    private var rulesFile: URL { tenants.appendingPathComponent("\(ExampleTenant.name).yaml") }

    /// - Parameter environment: may have the store's access key, in the variables that the example tenant names
    init(
        folder: String, addresses: DevAddresses, ignored: Set<IgnoredCheck> = [], environment: [String: String]
    ) async throws {
        self.addresses = addresses
        self.ignored = ignored
        self.folder = URL(fileURLWithPath: folder)
        guard DigestAlgorithm.md5.isAvailable else {
            throw SetupError(["libcrypto has no MD5, which ETags are made of: only 'postern dev' needs it, not 'serve'"])
        }
        identity = try DevIdentity(folder: self.folder.appendingPathComponent("keys"))
        credentials = Self.credentials(environment)
        try writeExampleTenant()
    }

    private static func credentials(_ environment: [String: String]) -> SigningCredentials {
        let given = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY"].compactMap { environment["\(credentialPrefix)_\($0)"] }.filter {
            !$0.isEmpty
        }
        if given.count == 2 { return SigningCredentials(accessKeyID: given[0], secretAccessKey: given[1]) }
        // A new secret at each start: only this process signs for the store.
        var random = SystemRandomNumberGenerator()
        let secret = (0..<4).map { _ in String(random.next() as UInt64, radix: 36) }.joined()
        return SigningCredentials(accessKeyID: "AKIAPOSTERNDEVSTORE0", secretAccessKey: secret)
    }

    /// Runs the service and the store until a signal.
    func run(threshold: LogThreshold, sink: LogSink) async throws {
        var settings = ServiceSettings()
        settings.tenants = tenants.path
        settings.listen = addresses.service
        settings.admin = addresses.admin
        settings.logFormat = .text
        settings.logLevel = threshold.level
        settings.maxConnections = 1024
        settings.environment = [
            "\(Self.credentialPrefix)_ACCESS_KEY_ID": credentials.accessKeyID,
            "\(Self.credentialPrefix)_SECRET_ACCESS_KEY": credentials.secretAccessKey,
        ]
        let logger = Logger(label: "postern")
        let (state, warnings) = try await ServiceState.load(settings, logger: logger)
        for warning in warnings { logger.warning("set-up warning", metadata: ["warning": "\(warning)"]) }
        let rules = state.current.book.tenants
        let storeListener = try buildDevStore(
            configuration: DevStoreConfiguration(
                folder: files.path,
                buckets: [Self.bucket],
                host: addresses.store.host,
                port: addresses.store.port,
                credentials: credentials,
                allowedOrigins: pages,
                ignored: ignored,
                // A rule file may name other buckets of this store, and pages of the user's own.
                further: { [storeURL] in
                    let rules = state.current.book.tenants
                    let named = rules.flatMap(\.stores).filter { $0.endpoint.url.hasPrefix("\(storeURL)/") }.map(\.bucket)
                    return (named, rules.flatMap(\.origins))
                }
            ),
            logger: logger
        )
        var runner = ServiceRunner(settings: settings, state: state, sink: sink, threshold: threshold, logger: logger)
        let store = ListenAddress(host: addresses.store.host, port: addresses.store.port)
        runner.companions = [listenerService(storeListener, at: store, name: "store")]
        // The page has a token, which a page under another name of this machine (DNS rebinding) must not get.
        runner.hosts = HostNames()
        let firstTenant = rules.first { $0.id == ExampleTenant.name } ?? rules.first
        let example = ExampleUpload(of: firstTenant?.rules ?? [])
        runner.frontPage = { head in
            // Nor may a page of another origin, even if the tenant's `origins` has it.
            guard head.first("origin") == nil, let page = try? page() else { return nil }
            return DevPage(settings: page).response()
        }
        // print() would buffer the text when standard output is a pipe.
        runner.onListening = { _ in StandardStream.write(welcome(example), to: StandardStream.output) }
        try await runner.run()
    }

    private func page() throws -> DevPageSettings {
        DevPageSettings(
            token: try identity.token(at: Date()),
            api: api,
            store: storeURL,
            folder: files.path,
            rulesFile: rulesFile.path
        )
    }

    /// Writes the file once: it is for the user to edit.
    private func writeExampleTenant() throws {
        guard !FileManager.default.fileExists(atPath: rulesFile.path) else { return }
        try FileManager.default.createDirectory(at: tenants, withIntermediateDirectories: true)
        let yaml = ExampleTenant.yaml(
            endpoint: storeURL,
            bucket: Self.bucket,
            region: Self.region,
            credentials: Self.credentialPrefix,
            issuer: DevIdentity.issuer,
            audience: DevIdentity.audience,
            publicKeyFile: "../keys/\(DevIdentity.publicKeyName)",
            origins: pages
        )
        try Data(yaml.utf8).write(to: rulesFile, options: .atomic)
    }

    /// What to change in a rule file that was written for other addresses; empty if it was not.
    private var addressAdvice: String {
        let written = (try? String(contentsOf: rulesFile, encoding: .utf8)) ?? ""
        if written.contains("endpoint: \(storeURL)"), written.contains(api) { return "" }
        return """

            The rules were written for other addresses, so uploads will fail: in \(rulesFile.path)
            set 'endpoint' to \(storeURL) and add \(api) to 'origins', or give another --folder.

            """
    }

    /// So that nobody takes the store for a strict one.
    private var faultNotice: String {
        guard !ignored.isEmpty else { return "" }
        let names = IgnoredCheck.allCases.filter(ignored.contains).map(\.rawValue).joined(separator: ", ")
        return "\nThe store does NOT check, as --ignore says: \(names)\n"
    }

    private func welcome(_ example: ExampleUpload?) -> String {
        let bucket = example?.rule.store.bucket ?? Self.bucket
        return addressAdvice + faultNotice + """

            Postern is running:   \(api)/
            Rules to edit:        \(rulesFile.path)   (a change takes effect at once)
            Uploaded files:       \(files.appendingPathComponent(bucket).path)

            \(example.map(byHand) ?? "")Ctrl-C stops it.

            """
    }

    private func byHand(_ example: ExampleUpload) -> String {
        let commands = ExampleCommands(
            program: Self.program,
            api: api,
            token: (try? identity.token(at: Date())) ?? "",
            rule: example.rule.name,
            file: example.file,
            contentType: example.contentType,
            size: example.rule.store.method == .put ? example.size : nil
        )
        return """
            Or by hand:

            \(example.makeFile)
            \(commands.upload)

            Only a ticket:

            \(commands.ticket)


            """
    }

    /// How a shell finds this program, from whichever folder: the name that was typed, or its path.
    private static var program: String {
        let typed = CommandLine.arguments.first ?? "postern"
        return typed.utf8.contains(UInt8(ascii: "/")) ? URL(fileURLWithPath: typed).standardizedFileURL.path : typed
    }
}
