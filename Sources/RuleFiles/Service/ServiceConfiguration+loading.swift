// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension ServiceConfiguration {
    /// Reads `postern.yaml`, as strictly as tenant files are read.
    ///
    /// - Parameters:
    ///   - path: The file. Relative paths in it are relative to its folder.
    ///   - files: Access to the file system.
    /// - Returns: The configuration, or every problem of the file, sorted.
    package static func load(
        path: String,
        files: RuleFileSystem = .local
    ) -> Result<ServiceConfiguration, RuleFilesError> {
        let log = DiagnosticLog(file: path)
        let configuration = StrictFile.read(path, files: files, log: log)?.root.flatMap { read($0, path: path, log: log) }
        guard let configuration, log.problems.isEmpty else {
            return .failure(RuleFilesError(problems: RuleLoader.sorted(log.problems)))
        }
        return .success(configuration)
    }

    private static func read(_ root: YAMLNode, path: String, log: DiagnosticLog) -> ServiceConfiguration? {
        let keys = [
            "listen", "admin", "tenants", "tlsCert", "tlsKey", "logFormat", "logLevel", "drainDelay", "idleTimeout", "adminHosts",
            "maxConnections", "maxConnectionsPerPeer", "trustedProxies", "issuers",
        ]
        guard let file = Section(root, title: "the file", at: .start, keys: keys, log: log) else { return nil }
        let folder = FilePath.folder(of: path)
        func resolve(_ text: String) throws(ValueError) -> String { try FilePath.resolve(text, in: folder) }
        let listen = file.value("listen", ListenAddress.parse)
        let admin = file.value("admin", ListenAddress.parse)
        let tenants = file.value("tenants", resolve)
        let cert = file.value("tlsCert", resolve)
        let key = file.value("tlsKey", resolve)
        for (name, other) in [("tlsCert", "tlsKey"), ("tlsKey", "tlsCert")] {
            if let entry = file[name], file[other] == nil {
                log.problem(at: entry.keyPosition, "\(name) stands without \(other)", "write both, or neither")
            }
        }
        let format = file.value("logFormat") { text throws(ValueError) in
            try Choice.parse(text, as: LogFormat.self, what: "a log format")
        }
        let level = file.value("logLevel") { text throws(ValueError) in
            try Choice.parse(text, as: LogLevel.self, what: "a log level")
        }
        let drainDelay = file.value("drainDelay", ServiceLimit.drainDelay.parse)
        let idleTimeout = file.value("idleTimeout", ServiceLimit.idleTimeout.parse)
        let maxConnections = file.value("maxConnections", ServiceLimit.connections.parse)
        let maxConnectionsPerPeer = file.value("maxConnectionsPerPeer", ServiceLimit.connections.parse)
        let adminHosts = file.list("adminHosts", ServiceLimit.hostName)
        var proxies: [AddressRange] = []
        _ = file.list("trustedProxies") { text throws(ValueError) in
            proxies.append(try AddressRange.parse(text))
            return text
        }
        let issuers = IssuerReader(folder: folder, isServiceWide: true).read(file)
        return ServiceConfiguration(
            listen: listen?.value,
            admin: admin?.value,
            tenants: tenants?.value,
            tlsCert: cert?.value,
            tlsKey: key?.value,
            logFormat: format?.value,
            logLevel: level?.value,
            drainDelay: drainDelay?.value,
            idleTimeout: idleTimeout?.value,
            adminHosts: adminHosts?.map(\.value) ?? [],
            maxConnections: maxConnections?.value,
            maxConnectionsPerPeer: maxConnectionsPerPeer?.value,
            trustedProxies: proxies,
            issuers: issuers.issuers,
            file: path
        )
    }
}
