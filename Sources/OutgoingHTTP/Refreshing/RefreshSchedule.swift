// SPDX-License-Identifier: Apache-2.0

/// When a value is fetched anew, and how its fetches ended. Pure: clocks and randomness are parameters.
package struct RefreshSchedule: Sendable {
    /// The longest pause between failed fetches, whatever is asked for.
    package static let longestPause: Duration = .seconds(60)
    /// The shortest time from a fetch that succeeded to the next, and the same where it brought what was there before.
    package static let rest: Duration = .seconds(2)
    package static let restAfterSame: Duration = .seconds(4)

    /// When a value should be replaced.
    package struct Renewal: Sendable {
        /// Until when the value is fresh.
        package let freshUntil: Deadline
        /// How long before that the next fetch is due. The jitter picks a time within the bounds, so that many processes that
        /// were started together do not ask together.
        package let lead: ClosedRange<Duration>

        package init(freshUntil: Deadline, lead: ClosedRange<Duration>) {
            self.freshUntil = freshUntil
            self.lead = lead
        }
    }

    private enum Next {
        /// There is no value, or the last fetch failed: as soon as the pause has passed.
        case afterPause
        case before(Deadline, lead: Duration)
        /// The value needs no other.
        case never
    }

    package private(set) var isRunning = false
    /// How many fetches began.
    package private(set) var attempts = 0
    package private(set) var successes = 0
    /// How many failed since the last that succeeded.
    package private(set) var failuresInARow = 0
    private var next = Next.afterPause
    /// Nil for at once.
    private var pauseEnd: Duration?

    package init() {}

    /// Whether a fetch should begin. None is due while one runs.
    package func isDue(at moment: Moment) -> Bool {
        guard !isRunning, pauseEnd.map({ $0 <= moment.uptime }) ?? true else { return false }
        return switch next {
        case .afterPause: true
        case .before(let deadline, let lead): deadline.remaining(at: moment) <= lead
        case .never: false
        }
    }

    package mutating func began() {
        isRunning = true
        attempts += 1
    }

    /// A fetch brought a value that is in use now.
    /// - Parameters:
    ///   - renewal: nil for a value that needs no other
    ///   - isSame: whether it ends when the one before it did
    ///   - jitter: 0 to 1
    package mutating func succeeded(at uptime: Duration, renewal: Renewal?, isSame: Bool, jitter: Double) {
        succeeded(at: uptime, rest: isSame ? Self.restAfterSame : Self.rest)
        next =
            if let renewal {
                .before(
                    renewal.freshUntil,
                    lead: renewal.lead.lowerBound + (renewal.lead.upperBound - renewal.lead.lowerBound) * jitter.clamped)
            } else {
                .never
            }
    }

    /// A fetch brought a value that was not taken because the one in use is better.
    package mutating func succeededUnused(at uptime: Duration) {
        succeeded(at: uptime, rest: Self.restAfterSame)
        next = .afterPause
    }

    private mutating func succeeded(at uptime: Duration, rest: Duration) {
        isRunning = false
        successes += 1
        failuresInARow = 0
        pauseEnd = uptime + rest
    }

    /// A fetch failed. The next is due after 1, 2, 4, … s, less up to a quarter of it.
    /// - Parameters:
    ///   - uptime: when it failed: one that timed out has taken its time
    ///   - longestPause: the pause at most
    ///   - jitter: 0 to 1
    package mutating func failed(at uptime: Duration, longestPause: Duration, jitter: Double) {
        isRunning = false
        failuresInARow += 1
        let doubled: Duration = .seconds(1 << min(failuresInARow - 1, 6))
        pauseEnd = uptime + min(doubled, longestPause, Self.longestPause) * (1 - 0.25 * jitter.clamped)
        next = .afterPause
    }

    /// The value has ended: the pause of one without a value holds from now on.
    package mutating func dropped(at uptime: Duration, longestPause: Duration) {
        pauseEnd = pauseEnd.map { min($0, uptime + longestPause) }
        next = .afterPause
    }
}

extension Double {
    /// Within 0 to 1, whatever a generator gave.
    fileprivate var clamped: Double { self > 0 ? Swift.min(self, 1) : 0 }
}
