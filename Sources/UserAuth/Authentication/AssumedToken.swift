// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What a token that an issuer could sign says, to find out what its holder could do. Nothing of it is proved: only commands that
/// answer a question of the operator use it, never the service.
package struct AssumedToken: Sendable {
    /// `iss`
    package var issuer: String
    package var user: String
    /// What the tenant claim has, for a service-wide issuer.
    package var tenant: String
    /// Values of the issuer's ``Issuer/attributes``, by their names.
    package var attributes: [(name: String, value: String)]
    package var scopes: [String]

    package init(
        issuer: String, user: String, tenant: String, attributes: [(name: String, value: String)] = [], scopes: [String] = []
    ) {
        self.issuer = issuer
        self.user = user
        self.tenant = tenant
        self.attributes = attributes
        self.scopes = scopes
    }

    package enum ClaimsError: Error, Sendable {
        /// Two of the values are in one claim, by its name, and differ.
        case contradiction(claim: String)
        /// The service would not accept the token.
        case refused(AuthenticationError)
    }

    /// Returns the caller who has the token, issued just now, as the service would after it has verified the signature.
    /// - Parameters:
    ///   - declaration: the issuer's
    ///   - owner: the tenant whose file has the declaration; nil for a service-wide one
    package func principal(of declaration: Issuer, owner: String?, at now: Date) throws(ClaimsError) -> Principal {
        let json = try claims(of: declaration, owner: owner, at: now)
        do throws(AuthenticationError) {
            let trusted = TrustedIssuer(declaration, owner: owner, keys: IssuerKeys())
            return try trusted.principal(of: try TokenClaims(parsing: json), keyID: nil, at: now.timeIntervalSince1970).principal
        } catch {
            throw .refused(error)
        }
    }

    private func claims(of declaration: Issuer, owner: String?, at now: Date) throws(ClaimsError) -> [UInt8] {
        var claims = ClaimTree.empty
        func set(_ path: ClaimPath, _ value: ClaimTree) throws(ClaimsError) {
            guard claims.add(path, value) else { throw .contradiction(claim: path.description) }
        }
        try set(ClaimPath("iss"), .text(issuer))
        try set(declaration.userClaim, .text(user))
        if owner == nil { try set(declaration.tenantClaimOrDefault, .text(tenant)) }
        for attribute in attributes {
            guard let claim = declaration.attributes.first(where: { $0.name.hasSameBytes(as: attribute.name) }) else { continue }
            try set(claim.claim, .text(attribute.value))
        }
        if !scopes.isEmpty, let claim = declaration.scopeClaims.first { try set(claim, .list(scopes.map { .text($0) })) }
        // What the declaration requires is as it wants, unless it is one of the above: then the token is judged as it is.
        let seconds = Int(now.timeIntervalSince1970.rounded(.down))
        claims.add(ClaimPath("iat"), .number(seconds))
        claims.add(ClaimPath("exp"), .number(seconds + min(60, declaration.maximumLifetime)))
        if let audience = declaration.audiences.first { claims.add(ClaimPath(declaration.audienceClaim), .text(audience)) }
        if let party = declaration.authorizedParties.first { claims.add(ClaimPath("azp"), .text(party)) }
        for claim in declaration.requiredClaims { claims.add(ClaimPath(claim.name), .raw(claim.value.description)) }
        if let template = declaration.pattern.template, let value = declaration.pattern.placeholderValue(in: issuer) {
            claims.add(ClaimPath(template.claim), .text(value))
        }
        return claims.json
    }
}
