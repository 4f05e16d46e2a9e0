// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import RuleFiles

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The credentials of each tenant's store. Tenants with the same source share one.
package struct TenantCredentials: Sendable {
    /// What signs for each tenant, in the order of the book.
    let ofTenants: [RefreshingCredentials]
    /// Every source once, in the order of the tenants.
    package let sources: [RefreshingCredentials]

    package init(of book: RuleBook, _ chains: CredentialChains, environment: [String: String]) {
        var bySource: [CredentialSource: RefreshingCredentials] = [:]
        var ofTenants: [RefreshingCredentials] = []
        var sources: [RefreshingCredentials] = []
        for file in book.files {
            let source = file.credentials.resolved(in: environment)
            if let known = bySource[source] {
                ofTenants.append(known)
            } else {
                let made = RefreshingCredentials(
                    source: source, minimumRemaining: TicketExpiry.margin + TicketExpiry.shortest,
                    validate: SessionTokenLength.check, fetch: chains.chain(of: source).refresh)
                bySource[source] = made
                ofTenants.append(made)
                sources.append(made)
            }
        }
        self.ofTenants = ofTenants
        self.sources = sources
    }

    /// What is wrong and stays wrong until an operator mends it, a sentence each.
    func lastingProblems(at now: Date) -> [String] {
        sources.compactMap { source in
            guard let problem = source.problem(at: now), !problem.isTransient else { return nil }
            return source.source == .standard ? problem.description : "credentials of \(source.source): \(problem)"
        }
    }
}
