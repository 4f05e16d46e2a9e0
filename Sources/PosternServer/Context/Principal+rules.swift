// SPDX-License-Identifier: Apache-2.0

package import UploadRules
package import UserAuth
import WireFormats

extension Principal {
    /// The rules that this asker may use: an API key may be limited to some.
    func permittedRules(of tenant: Tenant) -> [UploadRule] {
        guard case .apiKey(_, let names?, _) = source else { return tenant.rules }
        return tenant.rules.filter { names.contains($0.name) }
    }

    /// The permitted rules whose scope the asker has: those that can end in a ticket.
    package func usableRules(of tenant: Tenant) -> [UploadRule] {
        permittedRules(of: tenant).filter { rule in
            rule.requireScope.map { scope in scopes.contains { $0.hasSameBytes(as: scope) } } ?? true
        }
    }
}
