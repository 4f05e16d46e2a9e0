// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import UploadRules
package import UserAuth
import WireFormats

/// An immutable snapshot of all tenants and their rules.
package struct RuleBook: Sendable {
    /// Every tenant's file, sorted by the tenants' ids.
    package let files: [TenantFile]
    /// Counts the loads of this process; part of the audit record.
    package let generation: Int
    /// SHA-256 of the files' names and contents, in hex: equal books have equal digests.
    package let digest: String

    init(files: [TenantFile], generation: Int, digest: String) {
        self.files = files.sorted { $0.tenant.id < $1.tenant.id }
        self.generation = generation
        self.digest = digest
    }

    /// The tenants, sorted by their ids.
    package var tenants: some RandomAccessCollection<Tenant> { files.lazy.map(\.tenant) }

}

/// The contents of a tenant's file: the tenant, who can get its tickets, and what signs them.
package struct TenantFile: Sendable {
    package let tenant: Tenant
    /// The issuers that belong to this tenant alone.
    package let issuers: [Issuer]
    /// The keys of back ends that ask on a user's behalf.
    package let apiKeys: [APIKeyRecord]
    /// What a service-wide issuer's tenant claim must hold for this tenant, instead of its id; empty for the id.
    let aliases: [TenantAlias]
    /// The service-wide issuers whose tokens can be for this tenant.
    package let serviceIssuers: ServiceIssuers
    /// Where the credentials that sign its tickets come from, for each of the tenant's stores.
    package let credentials: [CredentialSource]
    /// The issuers whose users API keys can name.
    package internal(set) var keyIssuers = KeyIssuers()
}

/// The issuers whose users the requests of a tenant's API keys name.
package struct KeyIssuers: Sendable {
    /// By the names that API keys use.
    var named: [String: UserIssuer] = [:]
    /// The tenant's only issuer, for keys that name none; nil if it has none or several.
    var only: UserIssuer?

    package init() {}

    /// The issuer of the users that a key's requests name; nil if that is not known.
    package func issuer(of key: APIKeyRecord) -> UserIssuer? {
        guard let name = key.issuer else { return only }
        return named[name]
    }
}

/// SHA-256 over the names and contents of files, each with its length in front, so that different sets of files differ.
struct ContentDigest: ~Copyable {
    private var digest = IncrementalDigest(.sha256)

    mutating func add(name: String, bytes: [UInt8]) {
        add(Array(name.utf8))
        add(bytes)
    }

    private mutating func add(_ bytes: [UInt8]) {
        withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { digest.update($0) }
        bytes.withUnsafeBytes { digest.update($0) }
    }

    /// Returns the digest of everything that was added, in hex.
    mutating func hex() -> String {
        digest.finish().hexadecimal
    }
}
