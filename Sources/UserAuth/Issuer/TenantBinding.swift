// SPDX-License-Identifier: Apache-2.0

/// How a token of an issuer is bound to a tenant.
package enum TenantBinding: Sendable, Hashable {
    /// The issuer belongs to this tenant alone.
    case fixed(String)
    /// The issuer serves several tenants; the claim of this name holds the tenant's id.
    case claim(String)
}
