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

    /// The tenant with this id.
    package func tenant(_ id: String) -> Tenant? {
        tenants.first { $0.id.hasSameBytes(as: id) }
    }
}

/// The contents of a tenant's file: the tenant, who can get its tickets, and what signs them.
package struct TenantFile: Sendable {
    package let tenant: Tenant
    /// The issuers that belong to this tenant alone.
    package let issuers: [Issuer]
    /// The keys of back ends that ask on a user's behalf.
    package let apiKeys: [APIKeyRecord]
    /// Where the credentials that sign its tickets come from.
    package let credentials: CredentialSource
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
