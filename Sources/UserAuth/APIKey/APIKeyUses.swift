// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When each API key was last used with success: after a rotation the old key can go once it is no longer used. Lives as long as the
/// process, whatever becomes of the rules.
package final class APIKeyUses: Sendable {
    private struct Name: Hashable {
        let tenant: String
        let id: String
    }

    private let last = Mutex<[Name: Double]>([:])

    package init() {}

    /// Notes the use of a key. Only keys of rule files are noted, so the list is bounded by them.
    func note(tenant: String, id: String, at seconds: Double) {
        last.withLock { $0[Name(tenant: tenant, id: id)] = seconds }
    }

    /// The last use in seconds since 1970; nil where there was none.
    package func last(tenant: String, id: String) -> Double? {
        last.withLock { $0[Name(tenant: tenant, id: id)] }
    }
}
