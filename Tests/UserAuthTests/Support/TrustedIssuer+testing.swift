// SPDX-License-Identifier: Apache-2.0

@testable import UserAuth

extension TrustedIssuer {
    /// An issuer of these keys, which is nowhere declared.
    init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: IssuerKeys,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime
    ) {
        var owner: String?
        var tenantClaim: String?
        switch tenant {
        case .fixed(let id): owner = id
        case .claim(let name): tenantClaim = name
        }
        let declared = Issuer(
            identifier: issuer, audiences: audiences, algorithms: algorithms, keySource: .jwksFile("keys.json"),
            userClaim: userClaim, tenantClaim: tenantClaim, maximumLifetime: maximumLifetime)
        self.init(declared, owner: owner, keys: keys)
    }

    /// An issuer whose keys never change.
    init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: KeySet,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime
    ) {
        self.init(
            issuer: issuer, audiences: audiences, algorithms: algorithms, keys: IssuerKeys(keys), userClaim: userClaim,
            tenant: tenant, maximumLifetime: maximumLifetime)
    }
}
