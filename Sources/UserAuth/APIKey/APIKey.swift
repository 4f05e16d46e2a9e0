// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An API key as a rule file declares it: its hash, never the key itself.
package struct APIKey: Sendable {
    /// The tenant whose key it is.
    package let tenant: String
    /// The key's id, which stands in the key.
    package let id: String
    /// SHA-256 of the whole key, 32 bytes. A key whose hash has another length matches nothing.
    package let sha256: [UInt8]
    /// The instant from which the key is refused; nil for none.
    package let expires: Date?
    /// What the key allows.
    package let scopes: [String]
    /// The rules that the key may use; nil for all.
    package let rules: [String]?
    /// The users on whose behalf the key may ask; nil for all.
    package let allowUsers: [String]?

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
        self.sha256 = sha256
        self.expires = expires
        self.scopes = scopes
        self.rules = rules
        self.allowUsers = allowUsers
    }
}
