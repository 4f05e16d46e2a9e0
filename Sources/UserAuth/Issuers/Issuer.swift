// SPDX-License-Identifier: Apache-2.0

/// An issuer of bearer tokens as a rule file declares it. One issuer may be declared several times, if no token fits two of the
/// declarations.
///
/// To add a setting, add a property to the section for its purpose: which tokens are this issuer's, which keys verify them,
/// what their claims must say, or which claims name user and tenant.
package struct Issuer: Sendable, Hashable {
    // MARK: Identity

    /// Which values of the claim `iss` are this issuer's.
    package let pattern: IssuerPattern
    /// The short name, `[a-z0-9-]`, that rule files refer to and `{issuer}` stands for; nil if it has none.
    package var name: String?

    // MARK: Keys

    /// The values that the header's `alg` may have: either HS* only, for a shared secret, or no HS* at all.
    package let algorithms: [Algorithm]
    package let keySource: KeySource
    /// A PEM file of the certificate authorities to trust when keys are fetched, instead of the system's.
    package var keyAuthorities: String?

    // MARK: Requirements on claims. Without audiences and authorized parties every token is refused.

    /// The claim that must contain one of ``audiences``.
    package var audienceClaim = "aud"
    /// One of these must be in ``audienceClaim``, byte for byte; empty if the authorized party alone is checked.
    package var audiences: [String] = []
    /// The claim `azp` must be one of these, byte for byte; empty if it is not checked.
    package var authorizedParties: [String] = []
    package var requiredClaims: [RequiredClaim] = []
    /// The longest time from `iat` (from now, if there is none) to `exp`, in seconds.
    package var maximumLifetime = Issuer.defaultMaximumLifetime
    /// How much the clocks of the issuer and of this machine may differ, in seconds (RFC 7519 section 4.1.4).
    package var clockSkew = Issuer.defaultClockSkew
    /// From this instant on its tokens are refused, in seconds since 1970; nil for no end.
    package var end: Double?

    // MARK: Claims that identify the caller

    /// The claim that names the user.
    package var userClaim = ClaimPath("sub")
    /// The claim that names the tenant, for an issuer that serves several; nil for an issuer of one tenant.
    package var tenantClaim: ClaimPath?
    /// The claims that list scopes.
    package var scopeClaims = Issuer.defaultScopeClaims
    /// What `{claim.NAME}` means for this issuer, by the name.
    package var attributes: [Attribute] = []

    /// A name that key templates use for a claim.
    package struct Attribute: Sendable, Hashable {
        package let name: String
        package let claim: ClaimPath

        package init(name: String, claim: ClaimPath) {
            self.name = name
            self.claim = claim
        }
    }

    /// 24 hours, in seconds.
    package static let defaultMaximumLifetime = 24 * 60 * 60
    /// In seconds.
    package static let defaultClockSkew = 60
    /// `scope` (RFC 8693 section 4.2, RFC 9068 section 2.2.3) and `scp`.
    package static let defaultScopeClaims = [ClaimPath("scope"), ClaimPath("scp")]

    package init(pattern: IssuerPattern, algorithms: [Algorithm], keySource: KeySource) {
        self.pattern = pattern
        self.algorithms = algorithms
        self.keySource = keySource
    }

    /// The declared `iss`, with its placeholder if it has one: the issuer's identifier in logs and metrics.
    package var identifier: String { pattern.text }
    /// The claim that names the tenant in tokens of a service-wide issuer.
    package var tenantClaimOrDefault: ClaimPath { tenantClaim ?? ClaimPath("tenant") }
    /// Whether its tokens are signed with a shared secret.
    package var isSymmetric: Bool { algorithms.contains(where: \.isSymmetric) }
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
