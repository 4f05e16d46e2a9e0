// SPDX-License-Identifier: Apache-2.0

package import TenantRules
package import UserAuth

/// All that a request is judged by, immutable: read once when the request arrives, whatever is reloaded meanwhile.
package final class ServiceSnapshot: Sendable {
    package let book: RuleBook
    package let authenticator: Authenticator
    /// Whose tokens count, and how it stands with their keys.
    let issuers: TrustedIssuers
    /// What signs for each tenant.
    let credentials: TenantCredentials
    /// Every origin that some tenant lists: who may ask is decided before it is known who asks (a preflight is anonymous).
    let origins: Set<String>

    init(book: RuleBook, issuers: TrustedIssuers, credentials: TenantCredentials, apiKeyUses: APIKeyUses) {
        self.book = book
        self.issuers = issuers
        self.credentials = credentials
        authenticator = Authenticator(
            issuers: issuers.all.map(\.issuer), apiKeys: IssuerAssembly.apiKeys(of: book), uses: apiKeyUses)
        origins = Set(book.tenants.flatMap(\.origins))
    }
}
