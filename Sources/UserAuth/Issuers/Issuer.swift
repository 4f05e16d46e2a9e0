// SPDX-License-Identifier: Apache-2.0

/// An issuer of bearer tokens as a rule file declares it: whose tokens are accepted, and for what.
package struct Issuer: Sendable, Hashable {
    /// The issuer identifier, compared byte for byte with the claim `iss`.
    package let identifier: String
    /// One of these must be in the claim `aud`, byte for byte. With none, every token is refused.
    package let audiences: [String]
    /// What the header's `alg` may be: either HS* alone, for a shared secret, or none of them.
    package let algorithms: [Algorithm]
    /// The one source of its keys.
    package let keySource: KeySource
    /// A PEM file of the certificate authorities to trust when keys are fetched, instead of the system's.
    package let keyAuthorities: String?
    /// The claim that names the user.
    package let userClaim: String
    /// The claim that names the tenant, for an issuer that serves several; nil for a tenant's own.
    package let tenantClaim: String?
    /// The longest time from `iat` (from now, where there is none) to `exp`, in seconds.
    package let maximumLifetime: Int

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
        self.audiences = audiences
        self.algorithms = algorithms
        self.keySource = keySource
        self.keyAuthorities = keyAuthorities
        self.userClaim = userClaim
        self.tenantClaim = tenantClaim
        self.maximumLifetime = maximumLifetime
    }
}

/// Where an issuer's keys come from.
package enum KeySource: Sendable, Hashable {
    /// The network.
    case remote(KeyEndpoint)
    /// A JSON Web Key Set in a file.
    case jwksFile(String)
    /// Public keys in a PEM file.
    case pemFile(String)
    /// A shared secret in a file, for HS*: 32 bytes or more.
    case secretFile(String)
}

/// Where an issuer publishes its keys.
package enum KeyEndpoint: Sendable, Hashable {
    /// A JSON Web Key Set at this URL: https, or http on this machine.
    case jwks(url: String)
    /// The key set that the issuer's discovery document names (OpenID Connect Discovery 1.0 section 4).
    case discovery
}

/// An issuer with the keys that verify its tokens.
package struct TrustedIssuer: Sendable {
    package let issuer: Issuer
    /// Which tenant its users belong to.
    package let tenant: TenantBinding
    package let keys: IssuerKeys

    /// - Parameter owner: the tenant that declares it; nil for a service-wide issuer, which has a `tenantClaim`
    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys) {
        self.issuer = issuer
        self.keys = keys
        tenant = owner.map(TenantBinding.fixed) ?? .claim(issuer.tenantClaim ?? "tenant")
    }
}

/// How a token of an issuer is bound to a tenant.
package enum TenantBinding: Sendable, Hashable {
    /// The issuer belongs to this tenant alone.
    case fixed(String)
    /// The issuer serves several tenants; the claim of this name holds the tenant's id.
    case claim(String)
}
