// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// A number of tickets in a time: `60/1m`.
package struct RateLimit: Sendable, Hashable {
    /// The number of tickets, 1 to 1,000,000,000.
    package var count: Int { Int(tickets) }
    /// The window in seconds, 1 to 604,800.
    package var seconds: Int { Int(window) }

    private let tickets: Int32
    private let window: Int32

    package init(count: Int, seconds: Int) {
        tickets = Int32(count)
        window = Int32(seconds)
    }

    /// Parses a count, a slash and a duration of at most 7 days: `60/1m`.
    package static func parse(_ text: String) throws(ValueError) -> RateLimit {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw ValueError("\(text.quoted) is not a limit", "write a count and a duration: 60/1m")
        }
        let count = try WholeNumber.parse(parts[0], what: "a count", example: "60/1m")
        let seconds = try Quantity.duration.parse(String(parts[1]))
        guard (1...1_000_000_000).contains(count), (1...7 * 86_400).contains(seconds) else {
            throw ValueError("\(text.quoted) is not a limit", "write at least 1 in 1s, at most 1000000000 in 7d: 60/1m")
        }
        return RateLimit(count: count, seconds: seconds)
    }
}

/// The rate limits of a rule.
package struct RuleLimits: Sendable, Hashable {
    /// The limit for each user; nil if there is none.
    package let perUser: RateLimit?
    /// The limit for all users of the tenant together; nil if there is none.
    package let perTenant: RateLimit?

    package init(perUser: RateLimit?, perTenant: RateLimit?) {
        self.perUser = perUser
        self.perTenant = perTenant
    }

    package static let none = RuleLimits(perUser: nil, perTenant: nil)
}
