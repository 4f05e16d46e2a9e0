// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An issuer with the keys that verify its tokens.
package struct TrustedIssuer: Sendable {
    package let issuer: Issuer
    /// How the tenant of its users is determined.
    package let tenant: TenantBinding
    package let keys: IssuerKeys

    /// - Parameter owner: the tenant that declares it; nil for a service-wide issuer, which has a `tenantClaim`.
    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys) {
        self.issuer = issuer
        self.keys = keys
        tenant = owner.map(TenantBinding.fixed) ?? .claim(issuer.tenantClaim ?? "tenant")
    }
}

/// How the tenant of a token is determined.
package enum TenantBinding: Sendable, Hashable {
    /// The issuer belongs to the tenant with this id.
    case fixed(String)
    /// The issuer serves several tenants; the claim of this name has the tenant's id.
    case claim(String)
}

/// All trusted issuers, by their identifiers.
///
/// Several tenants may declare the same identifier, each with audiences of its own; a token is then for the one that accepts its
/// `aud`. A token that several of them accept is refused, because it could act as a user of either; so is one that none accepts.
struct IssuerDirectory: Sendable {
    private let issuers: [ExactString: [TrustedIssuer]]

    init(_ issuers: [TrustedIssuer]) {
        self.issuers = Dictionary(grouping: issuers) { ExactString($0.issuer.identifier) }
    }

    /// Returns the issuer that a token names. The claims are not yet verified.
    func issuer(of claims: TokenClaims) throws(AuthenticationError) -> TrustedIssuer {
        let name = try claims.issuer()
        guard let candidates = issuers[ExactString(name)], let first = candidates.first else { throw .issuerUnknown }
        guard candidates.count > 1 else { return first }
        let audiences = (try? claims.audiences()) ?? []
        let matches = candidates.filter { $0.issuer.accepts(audiences: audiences) }
        guard matches.count == 1, let match = matches.first else { throw .issuerAmbiguous }
        return match
    }
}
