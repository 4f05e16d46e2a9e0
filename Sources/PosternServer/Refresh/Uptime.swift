// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A clock that never jumps, whatever is done to the wall clock: for ages, pauses and cooldowns.
package enum Uptime {
    private static let start = ContinuousClock.now

    /// The time since this process first asked.
    package static func now() -> Duration {
        ContinuousClock.now - start
    }
}

/// The clocks that the service goes by; tests bring their own.
package struct ServiceClock: Sendable {
    /// The date. It may jump.
    package let now: @Sendable () -> Date
    /// The time since some start. It never jumps.
    package let uptime: @Sendable () -> Duration

    package init(now: @escaping @Sendable () -> Date, uptime: @escaping @Sendable () -> Duration) {
        self.now = now
        self.uptime = uptime
    }

    /// What both show now.
    package func moment() -> Moment { Moment(date: now(), uptime: uptime()) }

    package static let system = ServiceClock(now: { Date() }, uptime: { Uptime.now() })
}
