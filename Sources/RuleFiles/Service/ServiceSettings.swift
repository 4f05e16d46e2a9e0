// SPDX-License-Identifier: Apache-2.0

package import Logging
package import UserAuth
package import WireFormats

/// The settings of `postern serve`.
///
/// A new setting is a property and an entry of ``declarations``, and the place that uses it.
package struct ServiceSettings: Sendable {
    /// The folder of rule files; empty where none is given.
    package var tenants = ""
    /// The public listener.
    package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
    /// The admin listener.
    package var admin = ListenAddress(host: "127.0.0.1", port: 9090)
    /// The service-wide file.
    package var config: String?
    package var tlsCert: String?
    package var tlsKey: String?
    package var logFormat = LogFormat.json
    package var logLevel = Logger.Level.info
    package var maxConnections = 16_384
    /// Nil for half of `maxConnections`, but at least 64.
    package var maxConnectionsPerPeer: Int?
    package var idleTimeout = Duration.seconds(75)
    package var drainDelay = Duration.zero
    /// How often files are looked at for changes; zero for only at SIGHUP.
    package var reload = Duration.seconds(5)
    /// The file or named pipe of the audit log, or `-` for standard output; nil for none.
    package var audit: String?
    /// Whether a ticket waits until its audit line is on the disk.
    package var auditSync = false
    /// How the audit log names users.
    package var auditUsers = AuditUserNames.plain
    /// The file with the key of `auditUsers: hash`.
    package var auditUserKey: String?
    /// Names by which the admin listener may be asked, besides those of loopback and any IP address.
    package var adminHosts: [String] = []
    /// The peers whose `X-Forwarded-For` and `X-Request-Id` are trusted.
    package var trustedProxies: [AddressRange] = []
    /// The origins of the pages that the process serves itself, which may request tickets of every tenant. Only `postern dev` has pages.
    package var ownOrigins: Set<String> = []
    /// ``issuers`` with their places in the service-wide file.
    private(set) var issuerEntries: [IssuerEntry] = []
    /// The digest of the service-wide file; nil if there is none.
    package private(set) var fileDigest: SHA256Digest?
    /// The warnings of the service-wide file, sorted.
    package private(set) var warnings: [Diagnostic] = []

    /// Where the keys of the service-wide file are, by name.
    private var positions: [String: YAMLPosition] = [:]

    /// The process's environment, which may have credentials.
    package var environment: [String: String] = [:]

    package init() {}

    /// Issuers that serve several tenants; each has a `tenantClaim`.
    package var issuers: [Issuer] { issuerEntries.map(\.issuer) }

    /// Returns a problem at the entry of one of ``issuers``, such as that its key file cannot be read.
    package func problem(ofIssuer index: Int, _ message: String, _ advice: String) -> Diagnostic {
        issuerEntries[index].problem(message, advice)
    }

    /// A certificate chain and its private key, each a PEM file.
    package struct TLSFiles: Sendable {
        package let certificates: String
        package let key: String
    }

    /// Nil where the public listener has no TLS.
    package var tls: TLSFiles? {
        guard let tlsCert, let tlsKey else { return nil }
        return TLSFiles(certificates: tlsCert, key: tlsKey)
    }
}

/// How logs are written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    case json
    case text
}

/// How the audit log names users.
package enum AuditUserNames: String, Sendable, Hashable, CaseIterable {
    case plain
    case hash
}

extension ServiceSettings {
    /// Every setting, in the order in which the help and messages list them.
    package static let declarations: [Setting] = [
        Setting(
            path: "tenants", valueName: "dir",
            takes: "the folder of rule files; in the file, relative to the file's folder",
            default: .words("required"), example: "tenants",
            help: "The folder of rule files, one <tenant>.yaml each.",
            effect: .restart(\.tenants)
        ) { $0.tenants = $1 },
        Setting(
            "listen", .address,
            takes: "address and port of the public listener; port 0 takes any free one",
            default: .value("127.0.0.1:8080"), example: "0.0.0.0:8443",
            help: "The public listener.",
            effect: .restart(\.listen)
        ) { $0.listen = $1 },
        Setting(
            "admin", .address,
            takes: "address and port of the admin listener",
            default: .value("127.0.0.1:9090"), example: "\"[::1]:9090\"",
            help: "The listener for /healthz, /readyz and /metrics.",
            effect: .restart(\.admin)
        ) { $0.admin = $1 },
        Setting(
            flagOnly: "config",
            help: "A service-wide YAML file: these settings, trustedProxies, and issuers that serve several tenants."
        ) { $0.config = $1 },
        Setting(
            path: "tlsCert",
            takes: "path of a certificate chain in PEM; needs `tlsKey`",
            default: .words("no TLS"), example: "tls/chain.pem",
            help: "Serve TLS with this certificate chain (PEM); needs --tls-key.",
            effect: .restart(\.tlsCert)
        ) { $0.tlsCert = $1 },
        Setting(
            path: "tlsKey",
            takes: "path of its private key in PEM, without a passphrase",
            default: .words("no TLS"), example: "tls/key.pem",
            help: "The private key (PEM) of --tls-cert.",
            effect: .restart(\.tlsKey)
        ) { $0.tlsKey = $1 },
        Setting(
            "logFormat", .word("format", "a log format"),
            takes: "`json` or `text`",
            default: .value("json"), example: "text",
            help: "json or text.",
            effect: .restart(\.logFormat)
        ) { $0.logFormat = $1 },
        Setting(
            "logLevel", .word("level", "a log level"),
            takes:
                "`trace`, `debug`, `info`, `notice`, `warning`, `error` or `critical`. Issued and refused tickets are logged at "
                + "`info`",
            default: .value("info"), example: "info",
            help: "trace, debug, info, notice, warning, error or critical.",
            effect: .live
        ) { $0.logLevel = $1 },
        Setting(
            "maxConnections", .count(1...1_000_000, "a number of connections"),
            takes:
                "the maximum number of connections. It is reduced, with a warning in the log, to the limit of open files minus 96",
            default: .value("16384"), example: "4096",
            help: "The maximum number of connections; above it, idle ones are closed for new ones.",
            effect: .restart(\.maxConnections)
        ) { $0.maxConnections = $1 },
        Setting(
            "maxConnectionsPerPeer", .count(1...1_000_000, "a number of connections"),
            takes: "the maximum number of connections from one address (IPv6: one /64); trusted proxies are exempt",
            default: .words("half of `maxConnections`, at least 64"), example: "100",
            help:
                "The maximum number of connections from one address (IPv6: one /64); trusted proxies are exempt. (default: half of --max-connections)",
            effect: .restart(\.maxConnectionsPerPeer)
        ) { $0.maxConnectionsPerPeer = $1 },
        Setting(
            "idleTimeout", .duration(1...3600, "an idle timeout"),
            takes: "how long a connection may be idle between two requests",
            default: .value("75s"), example: "2m",
            help: "How long a connection may be idle between two requests.",
            effect: .restart(\.idleTimeout)
        ) { $0.idleTimeout = .seconds($1) },
        Setting(
            "drainDelay", .duration(0...300, "a drain delay"),
            takes: "how long the public listener stays open after SIGTERM while `/readyz` already answers 503",
            default: .value("0s"), example: "10s",
            help: "How long the public listener stays open after SIGTERM while /readyz already answers 503.",
            effect: .live
        ) { $0.drainDelay = .seconds($1) },
        Setting(
            "reload", .interval(100...300_000, "how often files are looked at"),
            takes: "how often the files of rules, keys and certificates are looked at for changes; 0 for only at SIGHUP",
            default: .value("5s"), example: "500ms",
            help: "How often rule files, keys and certificates are looked at for changes; 0 for only at SIGHUP.",
            effect: .live
        ) { $0.reload = $1 },
        Setting(
            outputPath: "audit",
            takes:
                "the file or named pipe of the [audit log](audit.md), or `-` for standard output: then the log goes to standard error",
            default: .words("no audit log"), example: "/var/log/postern/audit.jsonl",
            help: "The file or named pipe of the audit log; - for standard output, and then the log goes to standard error.",
            effect: .restart(\.audit)
        ) { $0.audit = $1 },
        Setting(
            switch: "auditSync",
            takes: "`true` or `false`: whether a ticket waits until its line is on the disk (`fdatasync`)",
            help: "Send a ticket only when its audit line is on the disk (fdatasync).",
            effect: .restart(\.auditSync)
        ) { $0.auditSync = $1 },
        Setting(
            "auditUsers", .word("names", "how the audit log names users"),
            takes: "`plain` or `hash`: users as they are, or ids that need `auditUserKey`",
            default: .value("plain"), example: "hash",
            help: "How the audit log names users: plain, or hash, which needs --audit-user-key.",
            effect: .restart(\.auditUsers)
        ) { $0.auditUsers = $1 },
        Setting(
            path: "auditUserKey",
            takes: "path of a file with at least 32 random bytes, from which `auditUsers: hash` makes ids",
            default: .words("none"), example: "keys/audit-users",
            help: "A file with at least 32 random bytes, the key of --audit-users hash.",
            effect: .restart(\.auditUserKey)
        ) { $0.auditUserKey = $1 },
        Setting(
            listOf: .hostName, "adminHosts",
            takes:
                "list of host names that the admin listener accepts, besides `localhost` and addresses; the flag takes "
                + "them separated by commas",
            default: .words("none"), example: "[postern.internal]",
            help: "Host names that the admin listener accepts, besides localhost and IP addresses; separated by commas.",
            effect: .live
        ) { $0.adminHosts = $1 },
        Setting(
            fileOnly: "trustedProxies",
            takes: "list of addresses and ranges. `X-Forwarded-For` and `X-Request-Id` are trusted only from these",
            shape: .list(of: .text(.addressRange)), default: .words("none"), example: "[127.0.0.1, \"::1\", 10.0.0.0/8]",
            effect: .live
        ) { section, key, _ in
            var ranges: [AddressRange] = []
            _ = section.list(key) { text throws(ValueError) in
                ranges.append(try AddressRange.parse(text))
                return text
            }
            return { [ranges] settings in settings.trustedProxies = ranges }
        },
        Setting(
            fileOnly: "issuers",
            takes: "list of issuers that serve several tenants: [rules.md](rules.md#service-wide-issuers)",
            shape: .list(of: .mapping(IssuerReader.serviceWideKeys)), default: .words("none"),
            example: "[{issuer: https://id.example.com, audience: uploads, algorithms: [RS256], keys: {discovery: true}, "
                + "tenantClaim: org}]",
            effect: .live
        ) { section, _, folder in
            let drafts = IssuerReader(folder: folder, tenant: nil).read(section)
            drafts.checkDeclarations(log: section.log)
            drafts.checkNames(log: section.log)
            let entries = drafts.compactMap(\.entry)
            return { settings in settings.issuerEntries = entries }
        },
    ]
}

extension ServiceSettings {
    /// Something about a setting that is legal and unwise.
    package struct Warning: Sendable, Hashable {
        /// The name of the setting.
        package let key: String
        package let message: String
        package let advice: String
    }

    /// Warnings about settings that do less than they seem to.
    package var warningsOfSettings: [Warning] { exposureWarnings + auditWarnings }

    /// Warnings about settings of the audit log that have no effect.
    private var auditWarnings: [Warning] {
        var warnings: [Warning] = []
        let noEffect = "has no effect, since there is no audit log"
        if audit == nil {
            if auditSync { warnings.append(Warning(key: "auditSync", message: noEffect, advice: "set audit, or remove it")) }
            if auditUsers == .hash {
                warnings.append(Warning(key: "auditUsers", message: noEffect, advice: "set audit, or remove it"))
            }
        }
        if auditUserKey != nil, auditUsers == .plain {
            warnings.append(
                Warning(
                    key: "auditUserKey", message: "is not used: the audit log has users as they are",
                    advice: "set auditUsers: hash, or remove it"))
        }
        if auditUserKey == nil, auditUsers == .hash {
            warnings.append(
                Warning(
                    key: "auditUsers", message: "is hash, and without auditUserKey the service does not start",
                    advice: "set auditUserKey to a file with at least 32 random bytes"))
        }
        return warnings
    }

    /// Warnings of listeners that other networks can reach without TLS. Names of hosts are not looked up.
    private var exposureWarnings: [Warning] {
        var warnings: [Warning] = []
        if tls == nil, listen.isExposed {
            warnings.append(
                Warning(
                    key: "listen",
                    message:
                        "is \(listen), which other networks may reach, and there is no TLS: tokens and tickets can be read on the way",
                    advice:
                        "set tlsCert and tlsKey; or, behind a proxy with TLS, let only the proxy reach this address, such as a "
                        + "private one or 127.0.0.1"))
        }
        if admin.isExposed {
            warnings.append(
                Warning(
                    key: "admin",
                    message: "is \(admin), which other networks may reach: anyone who does can read what is for operators",
                    advice: "write a private address or 127.0.0.1, or let a firewall admit only your monitoring"))
        }
        return warnings
    }

    /// A warning about a setting of the service-wide file, at its key.
    /// - Parameter key: the name of the setting
    package func warning(at key: String, _ message: String, _ advice: String) -> Diagnostic {
        let position = positions[key]
        return Diagnostic(
            file: config ?? "", line: position?.line ?? 0, column: position?.column ?? 0, message: "\(key) \(message)",
            advice: advice)
    }

    /// The keys of the service-wide file. A setting that is required may be given by its flag.
    static let keys = KeyTable(
        "service", declarations.compactMap(\.row), needs: [.beside("tlsCert", "tlsKey"), .beside("tlsKey", "tlsCert")])

    /// The settings whose values differ, and of which a change takes effect only at a start, by their keys in the file.
    package func settingsForRestart(since other: ServiceSettings) -> [String] {
        Self.declarations.compactMap { setting in
            guard case .restart(let isSame) = setting.effect, !isSame(self, other) else { return nil }
            return setting.key?.row.name
        }
    }

    /// Reads the service-wide file, as strictly as tenant files are read. What it does not have keeps its default.
    /// - Parameter path: relative paths in the file are relative to its folder
    /// - Throws: every problem of the file, sorted
    package init(file path: String, files: RuleFileSystem = .local) throws(RuleFilesError) {
        let log = DiagnosticLog(file: path)
        guard let bytes = files.contents(of: path, log: log) else { throw RuleFilesError(problems: log.problems) }
        try self.init(file: path, bytes: bytes, log: log)
    }

    /// Reads the contents of the service-wide file.
    /// - Parameter folder: relative paths in the file are relative to this; nil for the file's folder
    init(file path: String, keysIn folder: String? = nil, bytes: [UInt8], log: DiagnosticLog) throws(RuleFilesError) {
        self.init()
        config = path
        fileDigest = SHA256Digest(hashing: bytes)
        if let root = YAMLReader.read(bytes, log: log) { read(root, in: folder ?? FilePath.folder(of: path), log: log) }
        guard log.problems.isEmpty else { throw RuleFilesError(problems: log.problems.sorted()) }
        warnings = log.warnings.sorted()
    }

    private mutating func read(_ root: YAMLNode, in folder: String, log: DiagnosticLog) {
        let keys = Self.declarations.compactMap(\.key)
        let section = Section(root, title: "the file", at: .start, keys: Self.keys.names, log: log)
        guard let section else { return }
        for key in keys {
            key.read(from: section, folder)?(&self)
            positions[key.row.name] = section[key.row.name]?.keyPosition
        }
        for case .beside(let name, let other) in Self.keys.needs {
            if let entry = section[name], section[other] == nil {
                log.problem(at: entry.keyPosition, "\(name) is set without \(other)", "write both, or neither")
            }
        }
    }
}
