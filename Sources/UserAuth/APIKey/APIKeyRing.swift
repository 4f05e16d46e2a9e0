// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The API keys of all tenants.
struct APIKeyRing: Sendable {
    private let keys: [Name: Entry]
    private let uses: APIKeyUses?

    private struct Name: Hashable {
        let tenant: [UInt8]
        let id: [UInt8]

        init(tenant: String, id: String) {
            self.tenant = Array(tenant.utf8)
            self.id = Array(id.utf8)
        }
    }

    private struct Entry {
        let key: APIKey
        let digest: SHA256Words
    }

    /// - Parameters:
    ///   - keys: of two with the same tenant and id the first counts; the rule files' check does not let that happen.
    ///   - uses: where the uses of keys are noted.
    init(_ keys: [APIKey], uses: APIKeyUses? = nil) {
        let entries = keys.compactMap { key in
            SHA256Words(key.sha256).map { (Name(tenant: key.tenant, id: key.id), Entry(key: key, digest: $0)) }
        }
        self.keys = Dictionary(entries) { first, _ in first }
        self.uses = uses
    }

    /// Finds whose key it is.
    ///
    /// Tenant and id are no secret; the comparison takes the same time whether there is such a key or not, and wherever the
    /// hashes differ.
    /// - Parameters:
    ///   - text: what was sent as the key.
    ///   - now: seconds since 1970.
    func authenticate(_ text: UnsafeRawBufferPointer, at now: Double) throws(AuthenticationFailure) -> Principal {
        guard let parsed = APIKeyText(parsing: text) else { throw .apiKeyMalformed }
        let digest = SHA256Words(hashing: text)
        let entry = keys[Name(tenant: parsed.tenant, id: parsed.id)]
        let isMatch = digest.equalsInConstantTime(entry?.digest ?? Self.dummy)
        guard let entry else { throw .apiKeyUnknown }
        guard isMatch else { throw .apiKeyMismatch }
        if let end = entry.key.expires {
            guard now < end.timeIntervalSince1970 else { throw .apiKeyExpired }
        }
        uses?.note(tenant: entry.key.tenant, id: entry.key.id, at: now)
        return Principal(
            tenant: entry.key.tenant,
            user: nil,
            scopes: entry.key.scopes,
            source: .apiKey(id: entry.key.id, rules: entry.key.rules, allowUsers: entry.key.allowUsers),
            expires: entry.key.expires
        )
    }

    /// Compared with where there is no such key.
    private static let dummy = SHA256Words(hashing: [])
}
