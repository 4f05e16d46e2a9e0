// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An authenticated caller.
package struct Principal: Sendable {
    /// The tenant's id: the owner of the issuer or API key. For a token of a service-wide issuer, the value of its tenant claim,
    /// which need not be of any tenant.
    package let tenant: String
    /// The user that the token names; nil for an API key.
    package let user: String?
    /// The scopes of the token or key, in their original order. Those of a token have no duplicates.
    package let scopes: [String]
    /// How the caller was authenticated.
    package let source: Source
    /// The token's `exp` or the key's expiration; nil for a key that does not expire.
    package let expires: Date?

    /// The kind of credential, with the details that it provides.
    package enum Source: Sendable {
        case token(VerifiedIdentity)
        case apiKey(APIKeyRecord)
    }

    init(tenant: String, user: String?, scopes: [String], source: Source, expires: Date?) {
        self.tenant = tenant
        self.user = user
        self.scopes = scopes
        self.source = source
        self.expires = expires
    }
}

/// What a verified token says besides tenant, user and scopes.
///
/// A class, because each request with a cached token takes a reference.
package final class VerifiedIdentity: Sendable {
    /// The declaration that the token fits.
    private let trusted: TrustedIssuer
    /// The issuer whose user it is.
    package let issuer: UserIssuer
    /// The id of the key that verified the token; nil for a key without one.
    package let keyID: String?
    /// The token's `iat`, in seconds since 1970; nil if it has none.
    package let issuedAt: Double?
    /// The attributes that the token has, in the order of the declaration.
    package let attributes: [(name: String, value: String)]

    init(_ claims: TokenClaims, _ trusted: TrustedIssuer, _ times: TokenTimes, keyID: String?) throws(AuthenticationError) {
        self.trusted = trusted
        issuer = UserIssuer(trusted.issuer.pattern, name: trusted.issuer.name, identifier: try claims.issuer())
        self.keyID = keyID
        issuedAt = times.issuedAt
        attributes = trusted.issuer.attributes.compactMap { attribute in
            claims.attribute(in: attribute.claim).map { (attribute.name, $0) }
        }
    }

    /// The name of the declaration that the token fits; nil if it has none.
    package var issuerName: String? { trusted.issuer.name }
    /// Whether the declaration is service-wide, so that the token names its tenant.
    package var isServiceWide: Bool { trusted.owner == nil }
}

/// The issuer of a user. A user is an issuer and a subject: two issuers may name different people alike.
package struct UserIssuer: Sendable, Hashable {
    /// The actual `iss`.
    package let identifier: String
    /// What `{issuer}` becomes in object keys: the declared name and, for an issuer with a placeholder, a dot and its value. Names
    /// have no dot, so that no two issuers have the same text. Nil if the issuer has no name.
    package let segment: String?

    /// - Parameters:
    ///   - pattern: the issuer
    ///   - name: the issuer's declared name
    ///   - identifier: an `iss` of the issuer
    package init(_ pattern: IssuerPattern, name: String?, identifier: String) {
        self.identifier = identifier
        segment = name.map { name in
            pattern.placeholderValue(in: identifier).map { "\(name).\($0)" } ?? name
        }
    }
}
