// SPDX-License-Identifier: Apache-2.0

package import RuleFiles
import UploadRules
package import UserAuth
import WireFormats

/// All that a request is judged by, immutable: read once when the request arrives, whatever is reloaded meanwhile.
package final class ServiceSnapshot: Sendable {
    package let book: RuleBook
    package let authenticator: Authenticator
    /// Whose tokens count, and how it stands with their keys.
    let issuers: TrustedIssuers
    /// What signs the tenants' tickets.
    let credentials: TenantCredentials
    /// Every tenant in the order of the book, with what its tickets need.
    let tenants: [ServedTenant]
    /// Every origin that some tenant lists: who may ask is decided before it is known who asks (a preflight is anonymous).
    let origins: Set<String>

    private let byID: [ExactString: ServedTenant]

    init(book: RuleBook, issuers: TrustedIssuers, credentials: TenantCredentials, apiKeyUses: APIKeyUses) {
        self.book = book
        self.issuers = issuers
        self.credentials = credentials
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
