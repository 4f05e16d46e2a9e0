// SPDX-License-Identifier: Apache-2.0

package import UserAuth
package import WireFormats

/// `postern.yaml`: what the command line says too, and the issuers that serve several tenants. All of it is optional.
package struct ServiceConfiguration: Sendable {
    /// The public listener.
    package let listen: ListenAddress?
    /// The admin listener.
    package let admin: ListenAddress?
    /// The folder of tenant files, resolved against the configuration's folder.
    package let tenants: String?
    /// The certificate chain (PEM), resolved; set together with `tlsKey`.
    package let tlsCert: String?
    /// The private key (PEM), resolved.
    package let tlsKey: String?
    /// JSON or text.
    package let logFormat: LogFormat?
    /// How much is logged.
    package let logLevel: LogLevel?
    /// How long the public listener stays open after SIGTERM, in seconds.
    package let drainDelay: Int?
    /// How long a connection may be idle between two requests, in seconds.
    package let idleTimeout: Int?
    /// Further names under which the admin listener may be asked.
    package let adminHosts: [String]
    /// The most connections at once.
    package let maxConnections: Int?
    /// The most connections of one address at once.
    package let maxConnectionsPerPeer: Int?
    /// The peers whose `X-Forwarded-*` is believed.
    package let trustedProxies: [AddressRange]
    /// Issuers that serve several tenants; each has a `tenantClaim`.
    package let issuers: [Issuer]

    /// The file it came from, for messages that name two files.
    let file: String
}
