// SPDX-License-Identifier: Apache-2.0

/// An issuer of bearer tokens that Postern trusts, and for what.
package struct Issuer: Sendable {
    /// Compared byte for byte with the claim `iss`.
    package let issuer: String
    /// One of these must be in the claim `aud`, byte for byte. With none, every token is refused.
    package let audiences: [String]
    /// What the header's `alg` may be.
    package let algorithms: [Algorithm]
    /// The keys that verify its tokens.
    package let keys: IssuerKeys
    /// The claim that names the user.
    package let userClaim: String
    /// Which tenant its users belong to.
    package let tenant: TenantBinding
    /// The longest time from `iat` (from now, where there is none) to `exp`, in seconds.
    package let maximumLifetime: Int

    /// 24 hours, in seconds.
    package static let defaultMaximumLifetime = 24 * 60 * 60

    package init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: IssuerKeys,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime
    ) {
        self.issuer = issuer
        self.audiences = audiences
        self.algorithms = algorithms
        self.keys = keys
        self.userClaim = userClaim
        self.tenant = tenant
        self.maximumLifetime = maximumLifetime
    }

    /// An issuer whose keys never change while the process runs.
    package init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: KeySet,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime
    ) {
        self.init(
            issuer: issuer,
            audiences: audiences,
            algorithms: algorithms,
            keys: IssuerKeys(keys),
            userClaim: userClaim,
            tenant: tenant,
            maximumLifetime: maximumLifetime
        )
    }
}
