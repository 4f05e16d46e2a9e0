// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An authenticated caller. Only an ``Authenticator`` makes one.
package struct Principal: Sendable {
    /// The tenant's id: the owner of the issuer or API key, or the value of the issuer's tenant claim. Such a tenant need not
    /// exist.
    package let tenant: String
    /// The user that the token names; nil for an API key.
    package let user: String?
    /// The scopes of the token or key, in their order there. Those of a token have no duplicates.
    package let scopes: [String]
    /// How the caller was authenticated.
    package let source: Source
    /// The token's `exp` or the key's end; nil for a key without one.
    package let expires: Date?

    /// A kind of credential, with what is known from it.
    package enum Source: Sendable {
        /// A bearer token of this issuer, verified with the key of this id (nil for a key without one).
        case token(issuer: String, keyID: String?)
        /// An API key. Where `rules` or `allowUsers` is nil, all are allowed.
        case apiKey(id: String, rules: [String]?, allowUsers: [String]?)
    }

    init(tenant: String, user: String?, scopes: [String], source: Source, expires: Date?) {
        self.tenant = tenant
        self.user = user
        self.scopes = scopes
        self.source = source
        self.expires = expires
    }
}
