// SPDX-License-Identifier: Apache-2.0

/// The rate limits of a rule; nil where there is none.
package struct RuleLimits: Sendable, Hashable {
    /// For each user.
    package let perUser: RateLimit?
    /// For all of the tenant's users together.
    package let perTenant: RateLimit?

    /// No limits.
    package static let none = RuleLimits(perUser: nil, perTenant: nil)
}
