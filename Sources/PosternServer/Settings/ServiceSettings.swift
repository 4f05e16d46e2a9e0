// SPDX-License-Identifier: Apache-2.0

package import HTTPServer
package import Logging
package import RuleFiles

/// All settings of `serve`, from flags, environment and file, each already read and checked.
package struct ServiceSettings: Sendable {
    package var tenantsFolder: String
    package var listen: ListenAddress
    package var admin: ListenAddress
    package var tls: TLSFiles?
    package var logFormat: LogFormat
    package var logLevel: Logger.Level
    /// What the connections of the public listener may take.
    package var limits: ConnectionLimits
    /// How long the public listener stays open after SIGTERM while `/readyz` says no already: load balancers take a while to
    /// turn away.
    package var drainDelay: Duration
    /// The names under which the admin listener answers, in addition to those of loopback and any IP address.
    package var adminHosts: [String]
    /// The service-wide file, with issuers that serve several tenants.
    package var service: ServiceConfiguration?
    /// The process's environment, where credentials may stand.
    package var environment: [String: String]

    /// A certificate chain and its key, each a PEM file.
    package struct TLSFiles: Sendable {
        package var certificates: String
        package var key: String

        package init(certificates: String, key: String) {
            self.certificates = certificates
            self.key = key
        }
    }

    package init(
        tenantsFolder: String,
        listen: ListenAddress,
        admin: ListenAddress,
        tls: TLSFiles? = nil,
        logFormat: LogFormat = .json,
        logLevel: Logger.Level = .info,
        limits: ConnectionLimits = ConnectionLimits(),
        drainDelay: Duration = .zero,
        adminHosts: [String] = [],
        service: ServiceConfiguration? = nil,
        environment: [String: String]
    ) {
        self.tenantsFolder = tenantsFolder
        self.listen = listen
        self.admin = admin
        self.tls = tls
        self.logFormat = logFormat
        self.logLevel = logLevel
        self.limits = limits
        self.drainDelay = drainDelay
        self.adminHosts = adminHosts
        self.service = service
        self.environment = environment
    }
}
