// SPDX-License-Identifier: Apache-2.0

/// A JWT issuer as a file declares it. Keys are not read here; that is `UserAuth`'s work.
package struct IssuerDeclaration: Sendable, Hashable {
    /// The exact `iss`, compared byte for byte.
    package let issuer: String
    /// Accepted audiences; never empty.
    package let audience: [String]
    /// JWS algorithm names (RFC 7518 §3.1); never empty, never HS* beside asymmetric ones.
    package let algorithms: [String]
    /// The one source of keys.
    package let keys: KeySource
    /// A PEM file of the certificate authorities to trust when keys are fetched, instead of the system's; resolved.
    package let keyAuthorities: String?
    /// The claim that names the user; `sub` unless the file says otherwise.
    package let userClaim: String
    /// The claim that names the tenant: set for service-wide issuers, nil for a tenant's own.
    package let tenantClaim: String?
    /// The longest accepted `exp` − `iat`, in seconds; 24 h unless the file says otherwise.
    package let maxLifetime: Int

    /// The default of `maxLifetime`: 24 hours.
    package static let defaultMaxLifetime = 86_400
}
