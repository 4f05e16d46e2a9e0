// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
package import RuleFiles
import Synchronization
package import UploadRules
package import UserAuth
import WireFormats

/// What the service holds from start to end: the configuration in force, and what does not belong to one configuration.
package final class ServiceState: Sendable {
    /// The rules, keys and credentials in force.
    package let current: ServiceSnapshot
    /// When API keys were last used.
    let apiKeyUses: APIKeyUses
    /// The fetches that the start began; some may still run.
    let initialFetch: InitialFetch

    init(_ snapshot: ServiceSnapshot, apiKeyUses: APIKeyUses, initialFetch: InitialFetch) {
        current = snapshot
        self.apiKeyUses = apiKeyUses
        self.initialFetch = initialFetch
    }
}

/// The rule book with its issuers, credentials and tenants. Each request uses one snapshot throughout.
package final class ServiceSnapshot: Sendable {
    package let book: RuleBook
    package let authenticator: Authenticator
    let issuers: ConfiguredIssuers
    let credentials: TenantCredentials
    /// Everything that is fetched in the background: credentials, then keys.
    let refreshed: [any RefreshedSource]
    /// The tenants in the order of the book.
    let tenants: [ServedTenant]
    /// Every origin that some tenant lists: a preflight is anonymous, so its tenant is unknown.
    let origins: Set<String>

    private let byID: [ExactString: ServedTenant]

    init(book: RuleBook, issuers: ConfiguredIssuers, credentials: TenantCredentials, apiKeyUses: APIKeyUses) {
        self.book = book
        self.issuers = issuers
        self.credentials = credentials
        refreshed = credentials.sources + issuers.remote
        authenticator = Authenticator(
            issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys), uses: apiKeyUses)
        origins = Set(book.tenants.flatMap(\.origins))
        tenants = zip(book.tenants, credentials.perTenant).map { ServedTenant($0, credentials: $1) }
        byID = Dictionary(tenants.map { (ExactString($0.tenant.id), $0) }) { first, _ in first }
    }

    func tenant(_ id: String) -> ServedTenant? {
        byID[ExactString(id)]
    }
}

/// A tenant with everything that issuing its tickets needs, found once for each request.
package final class ServedTenant: Sendable {
    package let tenant: Tenant
    /// The credentials that sign its tickets. Tenants with the same source share them.
    let credentials: RefreshingCredentials
    /// Counts against the limits of its rules; nil if none has limits.
    let limiter: RateLimiter?

    /// Tickets issued, by the rule's index in the tenant; empty before the first ticket.
    private let issued = Mutex<[Int]>([])

    init(_ tenant: Tenant, credentials: RefreshingCredentials) {
        self.tenant = tenant
        self.credentials = credentials
        limiter = tenant.rules.contains { $0.limits != .none } ? RateLimiter() : nil
    }

    /// - Parameter rule: one of the tenant's rules
    func countTicket(of rule: UploadRule) {
        guard let index = tenant.rules.firstIndex(where: { $0 === rule }) else { return }
        issued.withLock { issued in
            if issued.isEmpty { issued = Array(repeating: 0, count: tenant.rules.count) }
            issued[index] += 1
        }
    }

    /// The rules that have issued tickets, in the order of the tenant's rules.
    var issuedTickets: [(rule: String, count: Int)] {
        zip(tenant.rules, issued.withLock { $0 }).compactMap { $1 > 0 ? ($0.name, $1) : nil }
    }
}
