// SPDX-License-Identifier: Apache-2.0

/// An immutable snapshot of every tenant's rules.
package struct RuleBook: Sendable {
    /// Sorted by id.
    package let tenants: [Tenant]
    /// Counts the loads of this process; part of the audit line.
    package let generation: Int
    /// SHA-256 of the files' names and contents, in hex: equal books have equal digests.
    package let digest: String

    init(tenants: [Tenant], generation: Int, digest: String) {
        self.tenants = tenants.sorted { $0.id < $1.id }
        self.generation = generation
        self.digest = digest
    }

    /// The tenant with this id.
    package func tenant(_ id: String) -> Tenant? {
        tenants.first { $0.id.utf8.elementsEqual(id.utf8) }
    }
}
