// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An API key as a tenant's file declares it: never the key itself, only its hash.
package struct APIKeyDeclaration: Sendable, Hashable {
    /// The key's id within its tenant: `[a-z0-9][a-z0-9-]{0,62}`.
    package let id: String
    /// SHA-256 of the whole key, 32 bytes.
    package let sha256: [UInt8]
    /// The instant from which the key is refused; a plain date means the start of that day in UTC.
    package let expires: Date?
    /// The scopes that a caller with this key holds.
    package let scopes: [String]
    /// The rules the key may use, or nil for every rule of the tenant.
    package let rules: [String]?
    /// The users the key may ask for, or nil for any.
    package let allowUsers: [String]?
}
