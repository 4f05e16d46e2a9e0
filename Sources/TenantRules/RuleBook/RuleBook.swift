// SPDX-License-Identifier: Apache-2.0

/// An immutable snapshot of every tenant's rules.
package struct RuleBook: Sendable {
    /// Sorted by id.
    package let tenants: [Tenant]
    /// Counts the loads of this process; part of the audit line.
    package let generation: Int
    /// SHA-256 of the files' names and contents, in hex: equal books have equal digests.
    package let digest: String

    private let places: [String: Int]

    init(tenants: [Tenant], generation: Int, digest: String) {
        self.tenants = tenants.sorted { $0.id < $1.id }
        self.generation = generation
        self.digest = digest
        places = Dictionary(self.tenants.enumerated().map { ($1.id, $0) }) { first, _ in first }
    }

    /// The tenant with this id.
    package func tenant(_ id: String) -> Tenant? {
        guard let tenant = places[id].map({ tenants[$0] }), tenant.id.utf8.elementsEqual(id.utf8) else { return nil }
        return tenant
    }
}
