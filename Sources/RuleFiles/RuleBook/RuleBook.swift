// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import UploadRules
package import UserAuth
import WireFormats

/// An immutable snapshot of all tenants and their rules.
package struct RuleBook: Sendable {
    /// Every tenant's file, sorted by the tenants' ids.
    package let files: [TenantFile]
    /// Equal books have equal digests. In hex: SHA-256 of, for each file in the order of ``files``, its name, preceded by the number
    /// of its bytes as 8 bytes, and the SHA-256 of its content.
    package let digest: String

    /// - Parameter files: sorted by the tenants' ids
    init(files: [TenantFile]) {
        self.files = files
        digest = Self.digest(of: files.lazy.map { ($0.tenant.id + RuleFileName.suffix, $0.digest) })
    }

    /// The tenants, sorted by their ids.
    package var tenants: some RandomAccessCollection<Tenant> { files.lazy.map(\.tenant) }

    static func digest(of files: some Sequence<(name: String, content: SHA256Digest)>) -> String {
        var digest = IncrementalDigest(.sha256)
        var piece: [UInt8] = []
        for (name, content) in files {
            withUnsafeBytes(of: UInt64(name.utf8.count).bigEndian) { piece += $0 }
            piece += name.utf8
            withUnsafeBytes(of: content) { piece += $0 }
            guard piece.count >= 4096 else { continue }
            piece.withUnsafeBytes { digest.update($0) }
            piece.removeAll(keepingCapacity: true)
        }
        piece.withUnsafeBytes { digest.update($0) }
        return digest.finish().hexadecimal
    }

    /// Returns the book with other files of some tenants.
    /// - Parameter changes: by the tenants' ids; nil for a tenant that is gone
    func replacing(_ changes: [String: TenantFile?]) -> RuleBook {
        var added = changes.values.compactMap(\.self).sorted { $0.tenant.id < $1.tenant.id }[...]
        var merged: [TenantFile] = []
        merged.reserveCapacity(files.count + added.count)
        for file in files {
            while let next = added.first, next.tenant.id < file.tenant.id { merged.append(added.removeFirst()) }
            if let next = added.first, next.tenant.id == file.tenant.id {
                merged.append(added.removeFirst())
            } else if changes[file.tenant.id] == nil {
                merged.append(file)
            }
        }
        return RuleBook(files: merged + added)
    }
}

/// A tenant's file in force: the tenant, who can get its tickets, and what signs them.
///
/// A class, so that books share what has not changed: a tenant's file and checks are as they were if it is the same object.
package final class TenantFile: Sendable {
    package let tenant: Tenant
    /// The digest of the file's content.
    package let digest: SHA256Digest
    /// The issuers whose users API keys can name.
    package let keyIssuers: KeyIssuers
    /// The service-wide issuers whose tokens can be for this tenant.
    package let serviceIssuers: ServiceIssuers
    /// The warnings of `check`.
    package let warnings: [Diagnostic]
    /// The file as it was read.
    let file: RuleFile

    /// Returns nil if the file has problems.
    init?(_ file: RuleFile, keyIssuers: KeyIssuers, warnings: [Diagnostic]) {
        guard let tenant = file.draft.tenant, case .read(let digest) = file.content else { return nil }
        self.tenant = tenant
        self.digest = digest
        self.keyIssuers = keyIssuers
        self.warnings = warnings
        serviceIssuers = file.draft.acceptedServiceIssuers
        self.file = file
    }

    /// The path of the file, as it was opened.
    package var path: String { file.path }
    /// The issuers that belong to this tenant alone.
    package var issuers: [Issuer] { file.draft.issuers.compactMap(\.issuer) }
    /// The keys of back ends that ask on a user's behalf.
    package var apiKeys: [APIKeyRecord] { file.draft.apiKeys.map(\.value) }
    /// What a service-wide issuer's tenant claim must hold for this tenant, instead of its id; empty for the id.
    var aliases: [TenantAlias] { file.draft.aliases.map(\.value) }
    /// What the tenant claim of a service-wide issuer has for this tenant: the first alias that counts for it, or else the id.
    /// - Parameter issuer: the issuer's name; nil if it has none
    package func tenantClaim(for issuer: String?) -> String {
        aliases.first { $0.issuer == nil || $0.issuer == issuer }?.value.text ?? tenant.id
    }
    /// Whether an alias has a text as a part; compared by bytes.
    package func hasAlias(with text: String) -> Bool { file.draft.aliases.contains { $0.value.value.text.hasBytes(of: text) } }
    /// Whether ``aliases`` is not empty.
    var hasAliases: Bool { !file.draft.aliases.isEmpty }
    /// Where the credentials that sign its tickets come from, for each of the tenant's stores.
    package var credentials: [CredentialSource] { file.draft.credentials }

    /// Returns a problem at the entry of one of ``issuers``, such as that its key file cannot be read.
    package func problem(ofIssuer index: Int, _ message: String, _ advice: String) -> Diagnostic {
        let draft = file.draft.issuers[index]
        return Diagnostic(file: path, at: draft.position, message, advice)
    }
}

/// The issuers whose users the requests of a tenant's API keys name.
package struct KeyIssuers: Sendable, Hashable {
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
