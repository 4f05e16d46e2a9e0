// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An instant, as read from two clocks.
package struct Moment: Sendable {
    /// The wall clock. It may be set forward or back.
    package let date: Date
    /// The time of a monotonic clock, since an arbitrary start: only differences are meaningful.
    package let uptime: Duration

    package init(date: Date, uptime: Duration) {
        self.date = date
        self.uptime = uptime
    }
}

/// A future instant. It is reached when the first of the two clocks shows it: a wall clock that is set back must not delay it.
package struct Deadline: Sendable, Equatable {
    package let uptime: Duration
    /// Nil if only the uptime counts.
    package let date: Date?

    package init(uptime: Duration, date: Date? = nil) {
        self.uptime = uptime
        self.date = date
    }

    /// Returns the time until the deadline, by the clock that shows less; negative after it.
    package func remaining(at moment: Moment) -> Duration {
        let left = uptime - moment.uptime
        return date.map { min(left, .seconds($0.timeIntervalSince(moment.date))) } ?? left
    }
}

/// When a value is fetched, and how many fetches succeeded and failed. Pure: clocks and randomness are parameters.
package struct RefreshSchedule: Sendable {
    /// The longest pause between failed fetches, regardless of the policy.
    package static let longestPause: Duration = .seconds(60)
    /// The shortest time from a successful fetch to the next.
    package static let minimumInterval: Duration = .seconds(2)
    /// The same, if the fetched value expires at the same time as the previous one.
    package static let minimumIntervalAfterSame: Duration = .seconds(4)

    /// When a value should be replaced.
    package struct Renewal: Sendable {
        /// When the value stops being fresh.
        package let freshUntil: Deadline
        /// How long before ``freshUntil`` the next fetch is due. The jitter selects a time within the bounds, so that many
        /// processes that were started together do not fetch at the same time.
        package let lead: ClosedRange<Duration>

        package init(freshUntil: Deadline, lead: ClosedRange<Duration>) {
            self.freshUntil = freshUntil
            self.lead = lead
        }
    }

    private enum Next {
        /// As soon as the pause has passed: there is no value, or the last fetch failed.
        case afterPause
        case before(Deadline, lead: Duration)
        /// The value needs no renewal.
        case never
    }

    package private(set) var isRunning = false
    /// The number of fetches begun.
    package private(set) var attempts = 0
    package private(set) var successes = 0
    /// Fetches that failed since the last that succeeded.
    package private(set) var failuresInARow = 0
    private var next = Next.afterPause
    /// Nil if the next fetch need not wait.
    private var pauseEnd: Duration?

    package init() {}

    /// Whether a fetch should begin. None is due while one is running.
    package func isDue(at moment: Moment) -> Bool {
        guard !isRunning, pauseEnd.map({ $0 <= moment.uptime }) ?? true else { return false }
        return switch next {
        case .afterPause: true
        case .before(let deadline, let lead): deadline.remaining(at: moment) <= lead
        case .never: false
        }
    }

    /// Records that a fetch begins.
    package mutating func begin() {
        isRunning = true
        attempts += 1
    }

    /// Records that a fetch returned a value that is now in use.
    /// - Parameters:
    ///   - renewal: nil for a value that needs no renewal
    ///   - isSame: whether it expires at the same time as the previous one
    ///   - jitter: 0 to 1
    package mutating func succeed(at uptime: Duration, renewal: Renewal?, isSame: Bool, jitter: Double) {
        succeed(at: uptime, pause: isSame ? Self.minimumIntervalAfterSame : Self.minimumInterval)
        next =
            if let renewal {
                .before(
                    renewal.freshUntil,
                    lead: renewal.lead.lowerBound + (renewal.lead.upperBound - renewal.lead.lowerBound) * jitter.clamped)
            } else {
                .never
            }
    }

    /// Records that a fetch returned a value that is not used, because the one in use is better.
    package mutating func succeedUnused(at uptime: Duration) {
        succeed(at: uptime, pause: Self.minimumIntervalAfterSame)
        next = .afterPause
    }

    private mutating func succeed(at uptime: Duration, pause: Duration) {
        isRunning = false
        successes += 1
        failuresInARow = 0
        pauseEnd = uptime + pause
    }

    /// Records that a fetch failed. The next fetch is due after 1, 2, 4, … s, each shortened by up to a quarter.
    /// - Parameters:
    ///   - uptime: when it failed, which after a timeout is much later than when it began
    ///   - longestPause: the longest pause
    ///   - jitter: 0 to 1
    package mutating func fail(at uptime: Duration, longestPause: Duration, jitter: Double) {
        isRunning = false
        failuresInARow += 1
        let doubled: Duration = .seconds(1 << min(failuresInARow - 1, 6))
        pauseEnd = uptime + min(doubled, longestPause, Self.longestPause) * (1 - 0.25 * jitter.clamped)
        next = .afterPause
    }

    /// Records that the value has expired: from now on the pause is at most the one for no value.
    package mutating func drop(at uptime: Duration, longestPause: Duration) {
        pauseEnd = pauseEnd.map { min($0, uptime + longestPause) }
        next = .afterPause
    }
}

extension Double {
    /// Clamped to 0 to 1; 0 for NaN.
    fileprivate var clamped: Double { self > 0 ? Swift.min(self, 1) : 0 }
}
