// SPDX-License-Identifier: Apache-2.0

/// Where an issuer's verification keys come from. Paths are already resolved against the declaring file's folder.
package enum KeySource: Sendable, Hashable {
    /// A remote JWK set: https, or http on loopback.
    case jwksURL(String)
    /// A JWK set on disk.
    case jwksFile(String)
    /// PEM public keys on disk.
    case pemFile(String)
    /// A shared secret of 32 bytes or more on disk, for HS*.
    case secretFile(String)
    /// The `jwks_uri` of the issuer's OpenID configuration.
    case discovery
}
