// SPDX-License-Identifier: Apache-2.0

package import RuleFiles
import UploadRules
package import UserAuth
import WireFormats

/// All that a request is judged by, immutable: read once when the request arrives, whatever is reloaded meanwhile.
package final class ServiceSnapshot: Sendable {
    package let book: RuleBook
    package let authenticator: Authenticator
    /// The issuers whose tokens are accepted, and the status of their keys.
    let issuers: TrustedIssuers
    /// What signs the tenants' tickets.
    let credentials: TenantCredentials
    /// All that is fetched in the background: credentials, then keys.
    let refreshed: [any RefreshedSource]
    /// Every tenant in the order of the book, with what its tickets need.
    let tenants: [ServedTenant]
    /// Every origin that some tenant lists. A preflight is anonymous, so it is judged before the tenant is known.
    let origins: Set<String>

    private let byID: [ExactString: ServedTenant]

    init(book: RuleBook, issuers: TrustedIssuers, credentials: TenantCredentials, apiKeyUses: APIKeyUses) {
        self.book = book
        self.issuers = issuers
        self.credentials = credentials
        refreshed = credentials.sources + issuers.remote
        authenticator = Authenticator(
            issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys), uses: apiKeyUses)
        origins = Set(book.tenants.flatMap(\.origins))
        tenants = zip(book.tenants, credentials.ofTenants).map { ServedTenant($0, credentials: $1) }
        byID = Dictionary(tenants.map { (ExactString($0.tenant.id), $0) }) { first, _ in first }
    }

    /// The tenant with this id.
    func tenant(_ id: String) -> ServedTenant? {
        byID[ExactString(id)]
    }
}
