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
    private var pages: [String] {
        Set([api] + (addresses.isForNetwork ? [] : ["http://localhost:\(addresses.service.port)"])).sorted()
    }
    private var storeURL: String { "http://\(addresses.store)" }
    private var tenants: URL { folder.appendingPathComponent("tenants") }
    private var files: URL { folder.appendingPathComponent("files") }
    private var rulesFile: URL { tenants.appendingPathComponent("\(ExampleTenant.name).yaml") }

    /// - Parameter environment: may have the store's access key, in the variables that the example tenant names
    init(
        folder: String, addresses: DevAddresses, ignored: Set<IgnoredCheck> = [], environment: [String: String]
    ) throws {
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
        // Someone edits the rules and looks at the page.
        settings.reload = .milliseconds(250)
        settings.ownOrigins = Set(pages)
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
                isForNetwork: addresses.isForNetwork,
                credentials: credentials,
                allowedOrigins: pages,
                ignored: ignored,
                // A rule file may name other buckets of this store, and pages of the user's own.
                further: { [self] in (buckets(in: state), state.current.book.tenants.flatMap(\.origins)) }
            ),
            logger: logger
        )
        let store = ListenerService(storeListener, at: addresses.store, name: "store", stopsAtOnce: true)
        var runner = ServiceRunner(settings: settings, state: state, sink: sink, threshold: threshold, logger: logger)
        let bucketMaker = DevBuckets(folder: files.path, logger: logger) { [self] in
            (state.current.generation, buckets(in: state))
        }
        runner.companions = [bucketMaker, store]
        runner.isInteractive = true
        // The page can get tokens, which a page under another name of this machine (DNS rebinding) must not.
        runner.hosts = HostNames()
        let firstTenant = rules.first { $0.id == ExampleTenant.name } ?? rules.first
        let example = ExampleUpload(of: firstTenant?.rules ?? [])
        runner.pages = pages(of: state).respond
        // print() would buffer the text when standard output is a pipe.
        runner.onListening = { _ in StandardStream.write(welcome(example), to: StandardStream.output) }
        do {
            try await store.open()
            try await runner.run()
        } catch let error as ListenError {
            throw SetupError([await addresses.sentence(error)])
        }
    }

    /// The buckets that the rules in force name at this store.
    private func buckets(in state: ServiceState) -> [String] {
        state.current.book.tenants.flatMap(\.stores).filter { $0.endpoint.url.hasPrefix("\(storeURL)/") }.map(\.bucket)
    }

    private func pages(of state: ServiceState) -> DevPages {
        let (storeURL, files, rulesFile) = (storeURL, files.path, rulesFile.path)
        return DevPages(
            origins: Set(pages),
            identity: identity,
            page: { DevPage(stores: [storeURL] + state.current.book.tenants.flatMap(\.stores).map(\.endpoint.url)) },
            state: DevState(
                settings: { json in
                    json.member("users", DevIdentity.users)
                    json.member("store", storeURL)
                    json.member("folder", files)
                    json.member("rulesFile", rulesFile)
                },
                current: { (state.current.generation, state.heldBack) }
            )
        )
    }

    /// Writes the file once: it is for the user to edit. Only the store's address is kept up to date, where its comment is left.
    private func writeExampleTenant() throws {
        guard !FileManager.default.fileExists(atPath: rulesFile.path) else {
            let written = try String(contentsOf: rulesFile, encoding: .utf8)
            guard let moved = ExampleTenant.moved(written, to: storeURL) else { return }
            return try Data(moved.utf8).write(to: rulesFile.resolvingSymlinksInPath(), options: .atomic)
        }
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

    /// Says that no rule uploads to this store; empty if one does.
    private var addressAdvice: String {
        let written = (try? String(contentsOf: rulesFile, encoding: .utf8)) ?? ""
        if written.contains("endpoint: \(storeURL)") { return "" }
        return """

            No upload goes to the store of 'postern dev'. If it should, set 'endpoint' to \(storeURL)
            in \(rulesFile.path), or give another --folder.

            """
    }

    /// So that nobody overlooks who can upload.
    private var networkNotice: String {
        guard addresses.isForNetwork else { return "" }
        let code = StandardStream.outputIsTerminal ? QRCode("\(api)/").map { "\n\($0.terminalText)" } ?? "" : ""
        return """

            On a phone in the same network:  \(api)/
            Everybody on that network can open this page, get a token and upload. Use --lan on networks that you trust.
            \(code)
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
        return addressAdvice + faultNotice + networkNotice + """

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
