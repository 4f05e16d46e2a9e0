// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Who asks, as authentication found out. Only an ``Authenticator`` makes one.
package struct Principal: Sendable {
    /// The tenant's id: the one that the issuer belongs to, or what the issuer's tenant claim says. Whether that tenant exists
    /// is not known here.
    package let tenant: String
    /// The user whom the token names; nil with an API key.
    package let user: String?
    /// What the token or the key allows, without repetitions, in the order it was written.
    package let scopes: [String]
    /// What proved it.
    package let source: Source
    /// The token's `exp` or the key's end; nil for a key without end.
    package let expires: Date?

    /// How the caller was authenticated.
    package enum Source: Sendable {
        /// A bearer token of this issuer, verified with the key of this id; nil where the key has none.
        case token(issuer: String, keyID: String?)
        /// An API key. Nil means that the key is not limited to certain rules, or to certain users.
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
