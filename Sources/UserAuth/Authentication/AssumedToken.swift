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
        func text(_ value: String) -> [UInt8] { Array(JSONWriter.quoted(value).utf8) }
        var claims = ClaimTree()
        func set(_ path: ClaimPath, _ json: [UInt8]) throws(ClaimsError) {
            guard claims.set(path.names[...], json) else { throw .contradiction(claim: path.description) }
        }
        try set(ClaimPath("iss"), text(issuer))
        try set(declaration.userClaim, text(user))
        if owner == nil { try set(declaration.tenantClaimOrDefault, text(tenant)) }
        for attribute in attributes {
            guard let claim = declaration.attributes.first(where: { $0.name.hasSameBytes(as: attribute.name) }) else { continue }
            try set(claim.claim, text(attribute.value))
        }
        if !scopes.isEmpty, let claim = declaration.scopeClaims.first {
            try set(claim, Array("[\(scopes.map(JSONWriter.quoted).joined(separator: ","))]".utf8))
        }
        // What the declaration requires is as it wants, unless it is one of the above: then the token is judged as it is.
        let seconds = Int(now.timeIntervalSince1970.rounded(.down))
        _ = claims.set(["iat"], Array(String(seconds).utf8))
        _ = claims.set(["exp"], Array(String(seconds + min(60, declaration.maximumLifetime)).utf8))
        if let audience = declaration.audiences.first { _ = claims.set([declaration.audienceClaim], text(audience)) }
        if let party = declaration.authorizedParties.first { _ = claims.set(["azp"], text(party)) }
        for claim in declaration.requiredClaims { _ = claims.set([claim.name], Array(claim.value.description.utf8)) }
        if let template = declaration.pattern.template, let value = declaration.pattern.placeholderValue(in: issuer) {
            _ = claims.set([template.claim], text(value))
        }
        return claims.json
    }
}

/// The claims of a token while it is made: objects inside each other.
private struct ClaimTree {
    private enum Node {
        case value([UInt8])
        case object(ClaimTree)
    }

    private var members: [(name: String, node: Node)] = []

    /// Sets the value at a path.
    /// - Parameter json: the value as JSON
    /// - Returns: false, with nothing changed, if there is another value, or the path leads through one
    mutating func set(_ path: ArraySlice<String>, _ json: [UInt8]) -> Bool {
        guard let name = path.first else { return false }
        let rest = path.dropFirst()
        guard let index = members.firstIndex(where: { $0.name.hasSameBytes(as: name) }) else {
            var child = ClaimTree()
            if !rest.isEmpty { guard child.set(rest, json) else { return false } }
            members.append((name, rest.isEmpty ? .value(json) : .object(child)))
            return true
        }
        switch members[index].node {
        case .value(let known): return rest.isEmpty && known == json
        case .object(var child):
            guard !rest.isEmpty, child.set(rest, json) else { return false }
            members[index].node = .object(child)
            return true
        }
    }

    var json: [UInt8] {
        JSONWriter.object { json in
            for (name, node) in members {
                json.key(name)
                switch node {
                case .value(let value): json.raw(value)
                case .object(let child): json.raw(child.json)
                }
            }
        }
    }
}
