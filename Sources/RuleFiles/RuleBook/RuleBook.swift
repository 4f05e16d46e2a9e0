// SPDX-License-Identifier: Apache-2.0

package import UploadRules
import WireFormats

/// An immutable snapshot of every tenant's rules.
package struct RuleBook: Sendable {
    /// Every tenant's file, sorted by the tenants' ids.
    package let files: [TenantFile]
    /// Counts the loads of this process; part of the audit line.
    package let generation: Int
    /// SHA-256 of the files' names and contents, in hex: equal books have equal digests.
    package let digest: String

    init(files: [TenantFile], generation: Int, digest: String) {
        self.files = files.sorted { $0.tenant.id < $1.tenant.id }
        self.generation = generation
        self.digest = digest
    }

    /// The tenants, sorted by their ids.
    package var tenants: some RandomAccessCollection<Tenant> { files.lazy.map(\.tenant) }

    /// The tenant with this id.
    package func tenant(_ id: String) -> Tenant? {
        tenants.first { $0.id.hasSameBytes(as: id) }
    }
}
