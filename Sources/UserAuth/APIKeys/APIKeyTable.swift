// SPDX-License-Identifier: Apache-2.0

import Synchronization

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

/// The API keys of all tenants.
struct APIKeyTable: Sendable {
    private let keys: [Name: APIKeyRecord]
    private let uses: APIKeyUses?

    private struct Name: Hashable {
        let tenant: String
        let id: String
    }

    /// - Parameters:
    ///   - keys: of two with the same tenant and id the first counts; the rule files' check does not let that happen.
    ///   - uses: where the uses of keys are noted.
    init(_ keys: [APIKeyRecord], uses: APIKeyUses? = nil) {
        let valid = keys.lazy.filter { $0.digest != nil }.map { (Name(tenant: $0.tenant, id: $0.id), $0) }
        self.keys = Dictionary(valid) { first, _ in first }
        self.uses = uses
    }

    /// Finds whose key it is.
    ///
    /// Tenant and id are no secret; the comparison takes the same time whether there is such a key or not, and wherever the
    /// hashes differ.
    /// - Parameters:
    ///   - text: what was sent as the key.
    ///   - now: seconds since 1970.
    func authenticate(_ text: UnsafeRawBufferPointer, at now: Double) throws(AuthenticationError) -> Principal {
        guard let parsed = APIKey(parsing: text) else { throw .apiKeyMalformed }
        let digest = TokenDigest(hashing: text)
        // Both are ASCII: as texts they are equal where their bytes are.
        let key = keys[Name(tenant: parsed.tenant, id: parsed.id)]
        let isMatch = digest.equalsInConstantTime(key?.digest ?? Self.dummy)
        guard let key else { throw .apiKeyUnknown }
        guard isMatch else { throw .apiKeyMismatch }
        if let end = key.expires {
            guard now < end.timeIntervalSince1970 else { throw .apiKeyExpired }
        }
        uses?.note(tenant: key.tenant, id: key.id, at: now)
        return Principal(
            tenant: key.tenant,
            user: nil,
            scopes: key.scopes,
            source: .apiKey(id: key.id, rules: key.rules, allowUsers: key.allowUsers),
            expires: key.expires
        )
    }

    /// Compared with where there is no such key.
    private static let dummy = TokenDigest(hashing: [])
}

/// When each API key was last used with success: after a rotation the old key can go once it is no longer used. Lives as long as the
/// process, whatever becomes of the rules.
package final class APIKeyUses: Sendable {
    private struct Name: Hashable {
        let tenant: String
        let id: String
    }

    private let last = Mutex<[Name: Double]>([:])

    package init() {}

    /// Notes the use of a key. Only keys of rule files are noted, so the list is bounded by them.
    func note(tenant: String, id: String, at seconds: Double) {
        last.withLock { $0[Name(tenant: tenant, id: id)] = seconds }
    }

    /// The last use in seconds since 1970; nil where there was none.
    package func last(tenant: String, id: String) -> Double? {
        last.withLock { $0[Name(tenant: tenant, id: id)] }
    }
}
