// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
