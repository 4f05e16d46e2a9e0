// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An API key as a rule file declares it: its hash, never the key itself.
///
/// A class: the rule files' reader makes it, and all who need it share it.
package final class APIKeyRecord: Sendable {
    /// The tenant whose key it is.
    package let tenant: String
    /// The key's id, which is part of the key.
    package let id: String
    /// SHA-256 of the whole key; nil where what was given is none, so that nothing matches.
    let digest: TokenDigest?
    /// The instant from which the key is refused; nil for none.
    package let expires: Date?
    /// What the key allows.
    package let scopes: [String]
    /// The rules that the key may use; nil for all.
    package let rules: [String]?
    /// The users on whose behalf the key may ask; nil for all.
    package let allowUsers: [String]?

    /// - Parameter sha256: of the whole key, 32 bytes
    package init(
        tenant: String,
        id: String,
        sha256: [UInt8],
        expires: Date? = nil,
        scopes: [String] = [],
        rules: [String]? = nil,
        allowUsers: [String]? = nil
    ) {
        self.tenant = tenant
        self.id = id
        digest = TokenDigest(sha256)
        self.expires = expires
        self.scopes = scopes
        self.rules = rules
        self.allowUsers = allowUsers
    }
}
