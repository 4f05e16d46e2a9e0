// SPDX-License-Identifier: Apache-2.0

package import UserAuth

/// The issuers of a rule book with what is known of their keys.
package struct TrustedIssuers: Sendable {
    /// One issuer as one tenant, or the service-wide file, declares it.
    package struct Entry: Sendable {
        package let trusted: TrustedIssuer
        /// `jwks`, `discovery` or `file`.
        package let source: String
        /// The tenant whose file declares it; nil for a service-wide one.
        package let tenant: String?
        /// What fetches its keys; nil for keys in files. Shared by all who declare the same.
        package let remote: RemoteKeys?

        package var issuer: Issuer { trusted.issuer }

        /// Where its keys are: the URL of the set, `discovery` or `file`.
        var place: String {
            if case .jwks(let url) = remote?.endpoint { return url }
            return source
        }
    }

    package let all: [Entry]
    /// Every remote key set once.
    package let remote: [RemoteKeys]

    package init(_ all: [Entry]) {
        self.all = all
        var seen: Set<ObjectIdentifier> = []
        remote = all.compactMap(\.remote).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// Each issuer once with each place of its keys: tenants may declare the same one.
    var distinct: [Entry] {
        var remotes: Set<ObjectIdentifier> = []
        var names: Set<String> = []
        return all.filter { entry in
            guard let remote = entry.remote else { return names.insert(entry.issuer.identifier).inserted }
            return remotes.insert(ObjectIdentifier(remote)).inserted
        }
    }

    /// Whether every token of the tenant could be verified now.
    func haveKeys(for tenant: String) -> Bool {
        all.allSatisfy { ($0.tenant != nil && $0.tenant != tenant) || $0.trusted.keys.current != nil }
    }
}
