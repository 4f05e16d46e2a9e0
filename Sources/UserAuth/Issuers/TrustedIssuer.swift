// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An issuer with the keys that verify its tokens.
///
/// A class, because every verified token refers to it.
package final class TrustedIssuer: Sendable {
    package let issuer: Issuer
    /// The id of the tenant whose users its tokens are for; nil for a service-wide issuer, whose tokens name the tenant.
    package let owner: String?
    package let keys: IssuerKeys

    /// - Parameter owner: the tenant that declares it; nil for a service-wide issuer, which has a `tenantClaim`.
    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys) {
        self.issuer = issuer
        self.owner = owner
        self.keys = keys
    }
}

extension Issuer {
    /// Checks what this issuer requires of the claims of a token with a valid signature, in the order of ``AuthenticationCheck``.
    /// ``TokenTimes`` checks the times.
    func checkRequirements(of claims: TokenClaims) throws(AuthenticationError) {
        if let template = pattern.template { try check(template, of: claims) }
        guard !audiences.isEmpty || !authorizedParties.isEmpty else { throw .audienceMismatch }
        if !audiences.isEmpty {
            let named = try claims.audiences(in: audienceClaim)
            guard named.contains(where: { name in audiences.contains { $0.hasSameBytes(as: name) } }) else {
                throw .audienceMismatch
            }
        }
        if !authorizedParties.isEmpty {
            let party = try claims.authorizedParty()
            guard authorizedParties.contains(where: { $0.hasSameBytes(as: party) }) else { throw .authorizedPartyMismatch }
        }
        for required in requiredClaims {
            guard let value = claims[required.name] else { throw .requiredClaimMissing(claim: required.name) }
            guard RequiredClaim.Value(value) == required.value else { throw .requiredClaimMismatch(claim: required.name) }
        }
    }

    /// The claim in the placeholder must have the value that `iss` has there.
    private func check(_ template: IssuerPattern.Template, of claims: TokenClaims) throws(AuthenticationError) {
        guard
            let value = pattern.placeholderValue(in: try claims.issuer()),
            case .string(let claim)? = claims[template.claim],
            claim.hasSameBytes(as: value)
        else { throw .issuerClaimMismatch(claim: template.claim) }
    }

    /// Whether a token's claims meet this issuer's requirements.
    func isSatisfied(by claims: TokenClaims) -> Bool {
        do throws(AuthenticationError) {
            try checkRequirements(of: claims)
            return true
        } catch {
            return false
        }
    }
}
