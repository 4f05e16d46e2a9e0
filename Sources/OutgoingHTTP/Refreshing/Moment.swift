// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An instant as two clocks show it.
package struct Moment: Sendable {
    /// The wall clock. It may be set forward or back.
    package let date: Date
    /// The time since some start, of a clock that never jumps: only differences count.
    package let uptime: Duration

    package init(date: Date, uptime: Duration) {
        self.date = date
        self.uptime = uptime
    }
}

/// An instant to come. The clock that reaches it first counts: a wall clock that is set back must not delay it.
package struct Deadline: Sendable, Equatable {
    package let uptime: Duration
    /// Nil where the wall clock has no part in it.
    package let date: Date?

    package init(uptime: Duration, date: Date? = nil) {
        self.uptime = uptime
        self.date = date
    }

    /// The time until it, by the clock that gives less; negative past it.
    package func remaining(at moment: Moment) -> Duration {
        let left = uptime - moment.uptime
        return date.map { min(left, .seconds($0.timeIntervalSince(moment.date))) } ?? left
    }
}
