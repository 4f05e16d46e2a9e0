// SPDX-License-Identifier: Apache-2.0

/// Where an issuer publishes its keys.
package enum KeyEndpoint: Sendable, Hashable {
    /// A JSON Web Key Set at this URL: https, or http on this machine.
    case jwks(url: String)
    /// The key set that the issuer's discovery document names (OpenID Connect Discovery 1.0 section 4).
    case discovery
}
