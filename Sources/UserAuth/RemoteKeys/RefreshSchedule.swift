// SPDX-License-Identifier: Apache-2.0

/// When an issuer's keys are fetched, and what became of it. Pure: the uptime and the randomness are parameters.
///
/// Uptimes come from a clock that never jumps, and have any start: only their differences count.
struct RefreshSchedule: Sendable {
    /// How long a set stays in use without a successful fetch.
    static let maximumAge: Duration = .seconds(24 * 60 * 60)
    /// The longest pause between failed fetches.
    static let longestPause: Duration = .seconds(60)
    /// The same while there is no set, so that a service that started before its provider works soon after it.
    static let longestPauseWithoutKeys: Duration = .seconds(3)

    private(set) var isRunning = false
    private(set) var lastSuccess: Duration?
    private(set) var lastError: (error: KeyFetchError, uptime: Duration)?
    private(set) var failuresInARow = 0
    private(set) var fetches = 0
    private(set) var successes = 0
    private(set) var failures: [KeyFetchError.Reason: Int] = [:]
    /// Nil for at once.
    private var next: Duration?

    /// Whether the time of the next fetch has come. None is due while one runs.
    func isDue(at uptime: Duration) -> Bool {
        !isRunning && isPast(next, at: uptime)
    }

    /// Begins a fetch; false where one runs already.
    mutating func begin() -> Bool {
        guard !isRunning else { return false }
        isRunning = true
        fetches += 1
        return true
    }

    /// A fetch brought a set. The next is due at 80 % of its lifetime less up to a tenth of it, so that many servers that were
    /// started together do not ask together.
    /// - Parameters:
    ///   - uptime: when the fetch began: the set is at least as old.
    ///   - jitter: 0 to 1.
    mutating func succeed(at uptime: Duration, lifetime: Duration, jitter: Double) {
        isRunning = false
        lastSuccess = uptime
        successes += 1
        failuresInARow = 0
        next = uptime + lifetime * (0.8 - 0.1 * jitter.clamped)
    }

    /// A fetch failed. The next is due after 1, 2, 4, … s, less up to a quarter of it.
    /// - Parameters:
    ///   - uptime: when it failed.
    ///   - hasKeys: whether a set is in use.
    ///   - jitter: 0 to 1.
    mutating func fail(_ error: KeyFetchError, at uptime: Duration, hasKeys: Bool, jitter: Double) {
        isRunning = false
        lastError = (error, uptime)
        failures[error.reason, default: 0] += 1
        failuresInARow += 1
        let pause: Duration = .seconds(1 << min(failuresInARow - 1, 6))
        let longest = hasKeys ? Self.longestPause : Self.longestPauseWithoutKeys
        next = uptime + min(pause, longest) * (1 - 0.25 * jitter.clamped)
    }

    /// Whether the set is too old to be used.
    func isExpired(at uptime: Duration) -> Bool {
        lastSuccess.map { uptime - $0 >= Self.maximumAge } ?? false
    }

    /// The set was dropped: the pause of one who has no keys holds from now on.
    mutating func keysDropped(at uptime: Duration) {
        next = next.map { min($0, uptime + Self.longestPauseWithoutKeys) }
    }

    private func isPast(_ instant: Duration?, at uptime: Duration) -> Bool {
        instant.map { $0 <= uptime } ?? true
    }
}

extension Double {
    /// Within 0 to 1, whatever a generator gave.
    fileprivate var clamped: Double { self > 0 ? Swift.min(self, 1) : 0 }
}
