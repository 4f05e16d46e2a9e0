// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPServer
import Logging
import NIOCore
import PosternServer
import RuleFiles

/// Decides each setting: command line, then environment, then file, then default.
struct SettingsResolver {
    let options: ServeOptions
    let environment: [String: String]

    /// - Throws: `ValidationError` (exit code 64) for a wrong flag or variable, `SetupError` (1) for a wrong file
    func settings() throws -> ServiceSettings {
        let service = try configuration()
        guard let tenants = value(options.tenants, "TENANTS") ?? service?.tenants else {
            throw ValidationError("Say where the rule files are: --tenants DIR, or POSTERN_TENANTS.")
        }
        guard
            let listen = try address("--listen", value(options.listen, "LISTEN")) ?? service?.listen
                ?? ListenAddress("127.0.0.1:8080"),
            let admin = try address("--admin", value(options.admin, "ADMIN")) ?? service?.admin ?? ListenAddress("127.0.0.1:9090")
        else { throw ValidationError("No address to listen on.") }
        var settings = ServiceSettings(
            tenantsFolder: tenants, listen: listen, admin: admin, service: service, environment: environment)
        settings.tls = try tls(service)
        if let format = value(options.logFormat, "LOG_FORMAT") {
            guard let known = LogFormat(rawValue: format) else {
                throw ValidationError("--log-format is json or text, not '\(format)'.")
            }
            settings.logFormat = known
        } else if let format = service?.logFormat {
            settings.logFormat = format
        }
        let level: String? = value(options.logLevel, "LOG_LEVEL") ?? service?.logLevel?.rawValue
        if let level {
            guard let known = Logger.Level(rawValue: level) else {
                let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--log-level is one of \(levels), not '\(level)'.")
            }
            settings.logLevel = known
        }
        try connections(service, &settings)
        return settings
    }

    private func connections(_ service: ServiceConfiguration?, _ settings: inout ServiceSettings) throws {
        if let count = try limit(.connections, "--max-connections", options.maxConnections) ?? service?.maxConnections {
            settings.limits.maxConnections = count
        }
        settings.limits.maxConnectionsPerPeer =
            try limit(.connections, "--max-connections-per-peer", options.maxConnectionsPerPeer) ?? service?.maxConnectionsPerPeer
        if let seconds = try limit(.idleTimeout, "--idle-timeout", options.idleTimeout) ?? service?.idleTimeout {
            settings.limits.idleTimeout = .seconds(Int64(seconds))
        }
        if let seconds = try limit(.drainDelay, "--drain-delay", options.drainDelay) ?? service?.drainDelay {
            settings.drainDelay = .seconds(seconds)
        }
        guard let names = value(options.adminHosts, "ADMIN_HOSTS") else {
            settings.adminHosts = service?.adminHosts ?? []
            return
        }
        settings.adminHosts = names.split(separator: ",").map(\.trimmed)
        guard settings.adminHosts.allSatisfy(ServiceLimit.isHostName) else {
            throw ValidationError("--admin-hosts is a list of host names without ports such as postern.internal, not '\(names)'.")
        }
    }

    /// - Parameter flag: as it is written; the variable has the same words
    private func limit(_ limit: ServiceLimit, _ flag: String, _ given: String?) throws -> Int? {
        let variable = flag.dropFirst(2).replacing("-", with: "_").uppercased()
        guard let text = value(given, variable) else { return nil }
        switch limit.value(text) {
        case .success(let number): return number
        case .failure(let invalid): throw ValidationError("\(flag) is \(invalid).")
        }
    }

    private func configuration() throws -> ServiceConfiguration? {
        guard let path = value(options.config, "CONFIG") else { return nil }
        switch ServiceConfiguration.load(path: path) {
        case .success(let configuration): return configuration
        case .failure(let problems): throw SetupError(problems.problems.map(\.description))
        }
    }

    private func tls(_ service: ServiceConfiguration?) throws -> ServiceSettings.TLSFiles? {
        let certificates = value(options.tlsCert, "TLS_CERT") ?? service?.tlsCert
        let key = value(options.tlsKey, "TLS_KEY") ?? service?.tlsKey
        switch (certificates, key) {
        case (nil, nil): return nil
        case (let certificates?, let key?): return .init(certificates: certificates, key: key)
        default: throw ValidationError("--tls-cert and --tls-key go together: give both or neither.")
        }
    }

    /// A variable that is set but empty counts as not set.
    private func value(_ flag: String?, _ name: String) -> String? {
        flag ?? environment["POSTERN_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func address(_ name: String, _ text: String?) throws -> ListenAddress? {
        guard let text else { return nil }
        guard let address = ListenAddress(text) else {
            throw ValidationError("\(name) is HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, not '\(text)'.")
        }
        return address
    }
}
