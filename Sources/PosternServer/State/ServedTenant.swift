// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Synchronization
package import UploadRules

/// A tenant with all that a ticket of it needs, found once a request.
package final class ServedTenant: Sendable {
    package let tenant: Tenant
    /// What signs its tickets. Tenants with the same source share one.
    let credentials: RefreshingCredentials
    /// What is used up of the rules' limits; nil where no rule has any.
    let limiter: RateLimiter?

    /// Tickets issued, by the rule's place among the tenant's; empty before the first.
    private let issued = Mutex<[Int]>([])

    init(_ tenant: Tenant, credentials: RefreshingCredentials) {
        self.tenant = tenant
        self.credentials = credentials
        limiter = tenant.rules.contains { $0.limits != .none } ? RateLimiter() : nil
    }

    /// Counts a ticket.
    /// - Parameter rule: one of the tenant's own
    func countTicket(of rule: UploadRule) {
        guard let place = tenant.rules.firstIndex(where: { $0 === rule }) else { return }
        issued.withLock { issued in
            if issued.isEmpty { issued = Array(repeating: 0, count: tenant.rules.count) }
            issued[place] += 1
        }
    }

    /// Tickets issued by rules that have issued any, in the order of the rules.
    var issuedTickets: [(rule: String, count: Int)] {
        zip(tenant.rules, issued.withLock { $0 }).compactMap { $1 > 0 ? ($0.name, $1) : nil }
    }
}
