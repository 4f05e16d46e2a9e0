// SPDX-License-Identifier: Apache-2.0

/// So many tickets in so many seconds: `60/1m`.
package struct RateLimit: Sendable, Hashable {
    /// Tickets; at least 1.
    package let count: Int
    /// The window in seconds; at least 1.
    package let seconds: Int
}
