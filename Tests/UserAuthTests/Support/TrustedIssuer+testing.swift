// SPDX-License-Identifier: Apache-2.0

@testable import UserAuth

/// How the tenant of a token is determined.
enum TenantBinding {
    /// The issuer belongs to the tenant with this id.
    case fixed(String)
    /// The issuer serves several tenants; the claim of this name has the tenant's id.
    case claim(String)
}

extension TrustedIssuer {
    /// An issuer of these keys, which is nowhere declared.
    convenience init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: IssuerKeys,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime,
        configure: (inout Issuer) -> Void = { _ in }
    ) {
        var owner: String?
        var tenantClaim: String?
        switch tenant {
        case .fixed(let id): owner = id
        case .claim(let name): tenantClaim = name
        }
        var declared = Issuer(
            pattern: (try? IssuerPattern(parsing: issuer)) ?? IssuerPattern(exact: issuer), algorithms: algorithms,
            keySource: .jwksFile("keys.json"))
        declared.audiences = audiences
        declared.userClaim = ClaimPath(userClaim)
        declared.tenantClaim = tenantClaim.map { ClaimPath($0) }
        declared.maximumLifetime = maximumLifetime
        configure(&declared)
        self.init(declared, owner: owner, keys: keys)
    }

    /// An issuer whose keys never change.
    convenience init(
        issuer: String,
        audiences: [String],
        algorithms: [Algorithm],
        keys: KeySet,
        userClaim: String = "sub",
        tenant: TenantBinding,
        maximumLifetime: Int = Issuer.defaultMaximumLifetime,
        configure: (inout Issuer) -> Void = { _ in }
    ) {
        self.init(
            issuer: issuer, audiences: audiences, algorithms: algorithms, keys: IssuerKeys(keys), userClaim: userClaim,
            tenant: tenant, maximumLifetime: maximumLifetime, configure: configure)
    }
}
