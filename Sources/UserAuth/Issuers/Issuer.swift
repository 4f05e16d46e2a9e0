// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An issuer of bearer tokens as a rule file declares it.
///
/// To add a setting, add a property to the section for its purpose: which tokens are this issuer's, which keys verify them,
/// what their claims must say, or which claims name user and tenant.
package struct Issuer: Sendable, Hashable {
    // MARK: Identity

    /// The issuer identifier, compared byte for byte with the claim `iss`.
    package let identifier: String

    // MARK: Keys

    /// The values that the header's `alg` may have: either HS* only, for a shared secret, or no HS* at all.
    package let algorithms: [Algorithm]
    package let keySource: KeySource
    /// A PEM file of the certificate authorities to trust when keys are fetched, instead of the system's.
    package let keyAuthorities: String?

    // MARK: Requirements on claims

    /// The claim `aud` must contain one of these, byte for byte. If this is empty, every token is refused.
    package let audiences: [String]
    /// The longest time from `iat` (from now, if there is none) to `exp`, in seconds.
    package let maximumLifetime: Int

    // MARK: Claims that identify the caller

    /// The claim that names the user.
    package let userClaim: String
    /// The claim that names the tenant, for an issuer that serves several; nil for an issuer of one tenant.
    package let tenantClaim: String?

    /// 24 hours, in seconds.
    package static let defaultMaximumLifetime = 24 * 60 * 60

    package init(
        identifier: String,
        audiences: [String],
        algorithms: [Algorithm],
        keySource: KeySource,
        keyAuthorities: String? = nil,
        userClaim: String = "sub",
        tenantClaim: String? = nil,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime
    ) {
        self.identifier = identifier
        self.algorithms = algorithms
        self.keySource = keySource
        self.keyAuthorities = keyAuthorities
        self.audiences = audiences
        self.maximumLifetime = maximumLifetime
        self.userClaim = userClaim
        self.tenantClaim = tenantClaim
    }
}

/// Where an issuer's keys come from.
package enum KeySource: Sendable, Hashable {
    case remote(KeyEndpoint)
    /// The path of a JSON Web Key Set.
    case jwksFile(String)
    /// The path of a PEM file of public keys.
    case pemFile(String)
    /// The path of a file with a shared secret for HS*, of at least 32 bytes.
    case secretFile(String)
}

/// Where an issuer publishes its keys.
package enum KeyEndpoint: Sendable, Hashable {
    /// The URL of a JSON Web Key Set: https, or http on this machine.
    case jwks(url: String)
    /// The `jwks_uri` of the issuer's discovery document (OpenID Connect Discovery 1.0 section 4).
    case discovery
}
