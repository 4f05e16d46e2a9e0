// SPDX-License-Identifier: Apache-2.0

import Synchronization
package import WireFormats

/// An issuer with the keys that verify its tokens.
///
/// A class, because every verified token refers to it.
package final class TrustedIssuer: Sendable {
    package let issuer: Issuer
    /// The id of the tenant whose users its tokens are for; nil for a service-wide issuer, whose tokens name the tenant.
    package let owner: String?
    package let keys: IssuerKeys
    /// The first generation of the rules with this declaration.
    private let firstGeneration: Int
    /// The first generation without it.
    private let endGeneration = Atomic(Int.max)

    /// - Parameters:
    ///   - owner: the tenant that declares it; nil for a service-wide issuer, which has a `tenantClaim`.
    ///   - generation: the first generation of the rules with this declaration.
    package init(_ issuer: Issuer, owner: String?, keys: IssuerKeys, since generation: Int = 1) {
        self.issuer = issuer
        self.owner = owner
        self.keys = keys
        firstGeneration = generation
    }

    /// Ends the declaration: tokens that were verified with it are no longer valid under the rules of this generation and later
    /// ones, although they are cached.
    package func retire(in generation: Int) {
        endGeneration.store(generation, ordering: .releasing)
    }

    /// Whether the rules of a generation have this declaration. A request that still uses older rules is answered by those alone.
    func isDeclared(in generation: Int) -> Bool {
        firstGeneration <= generation && generation < endGeneration.load(ordering: .acquiring)
    }
}

extension Issuer {
    /// Checks what this issuer requires of the claims of a token with a valid signature, in the order of ``AuthenticationCheck``.
    /// ``TokenTimes`` checks the times. Inlined, because a call would copy the issuer out of its ``TrustedIssuer``.
    @inline(__always)
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

    /// Whether no token can meet the requirements of both: they want different values of one claim, or one has only algorithms with
    /// a secret and the other none. (A token whose `aud` lists values of both is refused when it comes.)
    package func excludes(_ other: Issuer) -> Bool {
        if isSymmetric != other.isSymmetric { return true }
        let theirs = other.requiredValues
        return requiredValues.contains { claim, values in theirs[claim]?.isDisjoint(with: values) ?? false }
    }

    /// The claims that must have one of several values, by their names.
    package var requiredValues: [ExactString: Set<RequiredClaim.Value>] {
        func strings(_ values: [String]) -> Set<RequiredClaim.Value> { Set(values.map { .string(ExactString($0)) }) }
        var required: [ExactString: Set<RequiredClaim.Value>] = [:]
        func require(_ claim: String, _ values: Set<RequiredClaim.Value>) {
            let name = ExactString(claim)
            required[name] = required[name]?.intersection(values) ?? values
        }
        if !audiences.isEmpty { require(audienceClaim, strings(audiences)) }
        if !authorizedParties.isEmpty { require("azp", strings(authorizedParties)) }
        for claim in requiredClaims { require(claim.name, [claim.value]) }
        return required
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
