// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An API key as a rule file declares it: its hash, never the key itself.
///
/// A class, because the rules, the table and the metrics share it.
package final class APIKeyRecord: Sendable {
    /// The id of the tenant that owns the key.
    package let tenant: String
    /// The key's id, which is part of the key.
    package let id: String
    /// The SHA-256 of the whole key; nil if the declared one is not 32 bytes, so that no key matches.
    let digest: SHA256Digest?
    /// The instant from which the key is refused; nil for a key that does not expire.
    package let expires: Date?
    /// The scopes of the key.
    package let scopes: [String]
    /// The rules that the key may use; nil for all.
    package let rules: [String]?
    /// The users for whom the key may request tickets; nil for all.
    package let allowUsers: [String]?
    /// The name of the issuer whose users the requests name; nil if none is declared.
    package let issuer: String?

    /// - Parameter sha256: of the whole key, 32 bytes
    package init(
        tenant: String,
        id: String,
        sha256: [UInt8],
        expires: Date? = nil,
        scopes: [String] = [],
        rules: [String]? = nil,
        allowUsers: [String]? = nil,
        issuer: String? = nil
    ) {
        self.tenant = tenant
        self.id = id
        digest = SHA256Digest(sha256)
        self.expires = expires
        self.scopes = scopes
        self.rules = rules
        self.allowUsers = allowUsers
        self.issuer = issuer
    }

    /// The SHA-256 of the whole key; empty if the declared one is not 32 bytes.
    package var sha256: [UInt8] { digest.map { withUnsafeBytes(of: $0) { Array($0) } } ?? [] }
}

extension APIKeyRecord {
    /// Returns the caller that has proved to have this key.
    /// - Parameter now: seconds since 1970
    func principal(at now: Double) throws(AuthenticationError) -> Principal {
        if let end = expires {
            guard now < end.timeIntervalSince1970 else { throw .apiKeyExpired }
        }
        return Principal(tenant: tenant, user: nil, scopes: scopes, source: .apiKey(self), expires: expires)
    }
}

/// The API keys of all tenants.
struct APIKeyTable: Sendable {
    private let keys: [APIKeyName: APIKeyRecord]
    private let uses: APIKeyUses?

    /// - Parameters:
    ///   - keys: the keys, whose names are unique, as the rule file reader ensures. Otherwise the first one is used.
    ///   - uses: records each successful use.
    init(_ keys: [APIKeyRecord], uses: APIKeyUses? = nil) {
        let valid = keys.lazy.filter { $0.digest != nil }.map { (APIKeyName(tenant: $0.tenant, id: $0.id), $0) }
        self.keys = Dictionary(valid) { first, _ in first }
        self.uses = uses
    }

    /// Authenticates the owner of a key.
    ///
    /// Tenant and id are not secret. The digests are compared in constant time, even if there is no such key.
    /// - Parameters:
    ///   - text: the key as it was sent.
    ///   - now: seconds since 1970.
    func authenticate(_ text: UnsafeRawBufferPointer, at now: Double) throws(AuthenticationError) -> Principal {
        guard let parsed = APIKey(parsing: text) else { throw .apiKeyMalformed }
        let digest = SHA256Digest(hashing: text)
        // Both are ASCII, so comparing them as strings compares their bytes.
        let key = keys[APIKeyName(tenant: parsed.tenant, id: parsed.id)]
        let isMatch = digest.equalsInConstantTime(key?.digest ?? Self.dummy)
        guard let key else { throw .apiKeyUnknown }
        guard isMatch else { throw .apiKeyMismatch }
        let principal = try key.principal(at: now)
        uses?.record(key, at: now)
        return principal
    }

    /// Forgets the uses of keys that are not in the table.
    func forgetUsesOfOthers() {
        uses?.forgetUndeclared(keys)
    }

    /// The digest to compare with if there is no such key.
    private static let dummy = SHA256Digest(hashing: [])
}

/// The time of each API key's last successful use, which shows when an old key can be removed after a rotation. One instance is
/// shared by the whole process.
package final class APIKeyUses: Sendable {
    private let times = Mutex<[APIKeyName: (digest: SHA256Digest?, time: Double)]>([:])

    package init() {}

    /// Records the use of a declared key.
    /// - Parameter seconds: since 1970.
    func record(_ key: APIKeyRecord, at seconds: Double) {
        times.withLock { $0[APIKeyName(tenant: key.tenant, id: key.id)] = (key.digest, seconds) }
    }

    /// Returns the time of a key's last use, in seconds since 1970; nil if there was none. A new key with the id of an earlier one has
    /// not been used.
    package func lastUse(of key: APIKeyRecord) -> Double? {
        let found = times.withLock { $0[APIKeyName(tenant: key.tenant, id: key.id)] }
        return found?.digest == key.digest ? found?.time : nil
    }

    /// Forgets keys that are not declared, if there are more entries than declared keys.
    fileprivate func forgetUndeclared(_ declared: [APIKeyName: APIKeyRecord]) {
        times.withLock { times in
            guard times.count > declared.count else { return }
            times = times.filter { declared[$0.key] != nil }
        }
    }
}

/// The tenant and the id in an API key, which together identify it.
private struct APIKeyName: Hashable {
    let tenant: String
    let id: String
}
