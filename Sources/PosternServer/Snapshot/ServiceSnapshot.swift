// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import OutgoingHTTP
package import RuleFiles
import UploadRules
package import UserAuth
import WireFormats

/// The rule book with its issuers, credentials and tenants, and the settings in force. Each request uses one snapshot throughout.
package final class ServiceSnapshot: Sendable {
    /// Counts the snapshots of this process, from 1.
    package let generation: Int
    package let book: RuleBook
    package let settings: ServiceSettings
    /// Of the public listener; nil without TLS.
    let certificate: ServerCertificate?
    package let authenticator: Authenticator
    let issuers: ConfiguredIssuers
    let credentials: TenantCredentials
    /// Everything that is fetched in the background: credentials, then keys.
    let refreshed: [any RefreshedSource]
    /// The tenants in the order of the book.
    let tenants: [ServedTenant]
    /// Every origin that some tenant lists, and those of this process: a preflight is anonymous, so its tenant is unknown.
    let origins: Set<String>
    /// The `Host` names that the admin listener accepts.
    let adminHosts: HostNames
    /// Fields of the responses that these rules give.
    let fields: SnapshotFields

    private let directory: TenantDirectory

    /// - Parameters:
    ///   - certificate: of the public listener; nil without TLS
    ///   - issuers: those of the book and of the settings
    ///   - previous: the snapshot before. The tenants of files that have not changed are the same objects, and the counts of the
    ///     others go on.
    init(
        _ book: RuleBook, _ settings: ServiceSettings, _ certificate: ServerCertificate?, issuers: ConfiguredIssuers,
        credentials: TenantCredentials, apiKeyUses: APIKeyUses, after previous: ServiceSnapshot? = nil
    ) {
        let generation = (previous?.generation ?? 0) + 1
        self.generation = generation
        self.book = book
        self.settings = settings
        self.certificate = certificate
        self.issuers = issuers
        self.credentials = credentials
        refreshed = credentials.sources + issuers.remote
        authenticator = Authenticator(
            issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys), uses: apiKeyUses,
            generation: generation, after: previous?.authenticator)
        origins = Set(book.tenants.flatMap(\.origins)).union(settings.ownOrigins)
        adminHosts = HostNames(settings.adminHosts)
        fields = SnapshotFields(digest: book.digest)
        // Both books are sorted by the tenants' ids.
        var index = 0
        tenants = zip(book.files, credentials.perTenant).map { file, credentials in
            var known: ServedTenant?
            if let previous {
                while index < previous.tenants.count, previous.tenants[index].tenant.id < file.tenant.id { index += 1 }
                if index < previous.tenants.count, previous.tenants[index].tenant.id == file.tenant.id {
                    known = previous.tenants[index]
                    if let known, previous.book.files[index] === file { return known }
                }
            }
            return ServedTenant(file.tenant, keyIssuers: file.keyIssuers, credentials: credentials, after: known)
        }
        directory = TenantDirectory(book)
    }

    /// The tenant of an authenticated caller; nil if no tenant accepts the caller.
    func tenant(of principal: Principal) -> ServedTenant? {
        directory.index(of: principal).map { tenants[$0] }
    }

    /// Ends the declarations of issuers that the next snapshot does not have, so that tokens which they verified are refused by it.
    /// Call it before the next snapshot is used.
    func retireIssuers(missingIn next: ServiceSnapshot) {
        let kept = Set(next.issuers.all.map { ObjectIdentifier($0.trusted) })
        for issuer in issuers.all where !kept.contains(ObjectIdentifier(issuer.trusted)) {
            issuer.trusted.retire(in: next.generation)
        }
    }

    /// Forgets counts of rules and uses of API keys that the snapshot before had and this one does not. Call it once this one is in
    /// force: until then requests count.
    func forgetWhatIsGone(since previous: ServiceSnapshot) {
        let known = Set(previous.tenants.map { ObjectIdentifier($0) })
        for tenant in tenants where !known.contains(ObjectIdentifier(tenant)) { tenant.forgetRulesThatAreGone() }
        authenticator.forgetUsesOfUndeclaredKeys()
    }

    /// What this snapshot fetches and the one before did not.
    func newSources(since previous: ServiceSnapshot) -> [any RefreshedSource] {
        let known = Set(previous.refreshed.map { ObjectIdentifier($0) })
        return refreshed.filter { !known.contains(ObjectIdentifier($0)) }
    }
}

/// Header fields that are the same in all responses of a kind under the same rules, encoded once.
struct SnapshotFields: Sendable {
    /// Of a response that must not be cached.
    let uncached: ResponseFields
    /// Of such a response with JSON.
    let json: ResponseFields
    /// Of a ticket as JSON, where `Accept` could have asked for a form.
    let ticket: ResponseFields
    /// Of a ticket as a form of HTML.
    let form: ResponseFields

    /// - Parameter digest: of the rules
    init(digest: String) {
        func fields(_ fields: ResponseFields, contentType: String? = nil) -> ResponseFields {
            var fields = fields
            fields.add("Postern-Rules", digest)
            if let contentType { fields.add("Content-Type", contentType) }
            return fields
        }
        uncached = fields(PublicInterface.uncachedFields)
        json = fields(PublicInterface.uncachedFields, contentType: "application/json")
        ticket = fields(PublicInterface.negotiatedFields, contentType: "application/json")
        form = fields(PublicInterface.negotiatedFields, contentType: "text/html; charset=utf-8")
    }
}
