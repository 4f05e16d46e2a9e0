// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The differences between the kinds of values that are fetched and cached.
package struct RefreshPolicy<Value: Sendable, Failure: Error>: Sendable {
    /// How long a value can be used.
    package struct Lifetime: Sendable {
        /// Nil for a value that needs no renewal.
        package let renewal: RefreshSchedule.Renewal?
        /// When it expires; nil for never.
        package let end: Deadline?
        /// A value that expires in less time than this does not replace one that expires later.
        package let minimumRemaining: Duration

        package init(renewal: RefreshSchedule.Renewal?, end: Deadline?, minimumRemaining: Duration = .zero) {
            self.renewal = renewal
            self.end = end
            self.minimumRemaining = minimumRemaining
        }
    }

    package typealias LifetimeOf =
        @Sendable (_ value: Value, _ began: Duration, _ ended: Moment) throws(Failure) -> Lifetime

    let lifetime: LifetimeOf
    let longestPause: @Sendable (_ failure: Failure?, _ remaining: Duration?) -> Duration
    let label: @Sendable (Failure) -> String
    let publish: @Sendable (Value?) -> Void

    /// - Parameters:
    ///   - lifetime: returns how long a fetched value can be used, given the uptime at which its fetch began and the moment at
    ///     which it ended; throws if it cannot be used
    ///   - longestPause: returns the longest pause after a failure, which is nil if there was none. `remaining` is the time until
    ///     the value in use expires, nil if there is none or it does not expire
    ///   - label: the kind of a failure, for counting
    ///   - publish: called with each value that comes into use, and with nil when it is dropped. It is called under a lock, so it
    ///     must be quick
    package init(
        lifetime: @escaping LifetimeOf,
        longestPause: @escaping @Sendable (_ failure: Failure?, _ remaining: Duration?) -> Duration,
        label: @escaping @Sendable (Failure) -> String,
        publish: @escaping @Sendable (Value?) -> Void = { _ in }
    ) {
        self.lifetime = lifetime
        self.longestPause = longestPause
        self.label = label
        self.publish = publish
    }
}

/// A value that is fetched and cached: the key set of an issuer, or credentials.
///
/// There is no timer. Either a driver calls ``expire(at:)`` about twice a second, and ``refresh(_:fetch:)`` if ``isDue(at:)``, or
/// callers that need the value call ``value(lasting:orYoungerThan:_:fetch:)``. One fetch runs at a time.
package final class Refreshed<Value: Sendable, Failure: Error>: Sendable {
    /// Returns in bounded time.
    package typealias Fetch = @Sendable () async throws(Failure) -> Value
    package typealias Clock = @Sendable () -> Moment

    package struct Status: Sendable {
        /// The value in use.
        package let value: Value?
        /// When the value in use expires; nil if it does not.
        package let end: Deadline?
        /// The uptime at which the fetch of the latest value in use began, even if that value has since been dropped.
        package let fetchedAt: Duration?
        /// The error of the last fetch that failed, even if later ones succeeded.
        package let lastError: Failure?
        /// The uptime at which it failed.
        package let lastErrorAt: Duration?
        /// The number of fetches begun.
        package let attempts: Int
        package let successes: Int
        /// Fetches that failed, by the policy's label.
        package let failures: [String: Int]
        /// Fetches that failed since the last that succeeded.
        package let failuresInARow: Int

        /// The error of the last fetch; nil if it succeeded.
        package var currentError: Failure? { failuresInARow > 0 ? lastError : nil }
        /// Whether there was a value that has expired.
        package var hasExpired: Bool { value == nil && successes > 0 }
    }

    private typealias Outcome = Result<Value, Failure>

    private struct State {
        var schedule = RefreshSchedule()
        var current: (value: Value, lifetime: RefreshPolicy<Value, Failure>.Lifetime)?
        /// When the fetch of the last value that came into use began.
        var fetchedAt: Duration?
        var lastError: (failure: Failure, uptime: Duration)?
        var failures: [String: Int] = [:]
        var runningFetch: RunningFetch?

        func remaining(at moment: Moment) -> Duration? { current?.lifetime.end?.remaining(at: moment) }
    }

    /// The fetch that is running.
    private struct RunningFetch {
        let number: Int
        let task: Task<Outcome, Never>
        /// The callers that wait for it. When all have been cancelled, it is cancelled too, and no later caller joins it.
        var waiters = 1
    }

    private let policy: RefreshPolicy<Value, Failure>
    private let jitter: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameter jitter: returns a new random number from 0 to 1
    package init(
        _ policy: RefreshPolicy<Value, Failure>, jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.policy = policy
        self.jitter = jitter
    }

    /// Whether a fetch is running.
    package var isRunning: Bool { state.withLock { $0.schedule.isRunning } }

    /// Whether a fetch should begin.
    package func isDue(at moment: Moment) -> Bool { state.withLock { $0.schedule.isDue(at: moment) } }

    /// Fetches a new value. If that fails, the old one stays in use until it expires. Returns at once if a fetch is running.
    package func refresh(_ clock: @escaping Clock, fetch: @escaping Fetch) async {
        guard let task = state.withLock({ $0.runningFetch == nil ? begin(&$0, clock, fetch) : nil }) else { return }
        _ = await outcome(of: task)
    }

    /// Fetches a new value, or waits for the fetch that is running. A fetch is cancelled when its last waiter is.
    package func fetched(_ clock: @escaping Clock, fetch: @escaping Fetch) async throws(Failure) -> Value {
        let task = state.withLock { state in
            guard let runningFetch = state.runningFetch, runningFetch.waiters > 0 else { return begin(&state, clock, fetch) }
            state.runningFetch?.waiters += 1
            return runningFetch.task
        }
        return try await outcome(of: task).get()
    }

    /// Returns the cached value if it stays valid for longer than `margin`, or does not expire and is younger than `age`;
    /// otherwise fetches a new one. If that fails, returns the old one until it expires.
    package func value(
        lasting margin: Duration, orYoungerThan age: Duration, _ clock: @escaping Clock, fetch: @escaping Fetch
    ) async throws(Failure) -> Value {
        let moment = clock()
        let (current, fetchedAt) = state.withLock { ($0.current, $0.fetchedAt) }
        guard let current else { return try await fetched(clock, fetch: fetch) }
        guard let end = current.lifetime.end else {
            if let fetchedAt, moment.uptime - fetchedAt < age { return current.value }
            return try await fetched(clock, fetch: fetch)
        }
        if end.remaining(at: moment) > margin { return current.value }
        do throws(Failure) {
            return try await fetched(clock, fetch: fetch)
        } catch {
            guard end.remaining(at: clock()) > .zero else { throw error }
            return current.value
        }
    }

    /// Drops a value that has expired by uptime, whatever the wall clock shows.
    package func expire(at uptime: Duration) {
        state.withLock { state in
            guard let end = state.current?.lifetime.end, end.uptime <= uptime else { return }
            state.current = nil
            policy.publish(nil)
            state.schedule.drop(at: uptime, longestPause: policy.longestPause(state.lastError?.failure, nil))
        }
    }

    package var status: Status {
        state.withLock { state in
            Status(
                value: state.current?.value,
                end: state.current?.lifetime.end,
                fetchedAt: state.fetchedAt,
                lastError: state.lastError?.failure,
                lastErrorAt: state.lastError?.uptime,
                attempts: state.schedule.attempts,
                successes: state.schedule.successes,
                failures: state.failures,
                failuresInARow: state.schedule.failuresInARow
            )
        }
    }

    private func begin(_ state: inout State, _ clock: @escaping Clock, _ fetch: @escaping Fetch) -> Task<Outcome, Never> {
        state.schedule.begin()
        let number = state.schedule.attempts
        // Not the caller's own task: a caller that is cancelled must not cancel it for the others.
        let task = Task { await self.run(number, clock, fetch) }
        state.runningFetch = RunningFetch(number: number, task: task)
        return task
    }

    private func outcome(of task: Task<Outcome, Never>) async -> Outcome {
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            let isLast = state.withLock { state in
                guard state.runningFetch?.task == task else { return false }
                state.runningFetch?.waiters -= 1
                return state.runningFetch?.waiters == 0
            }
            if isLast { task.cancel() }
        }
    }

    private func run(_ number: Int, _ clock: Clock, _ fetch: Fetch) async -> Outcome {
        let began = clock().uptime
        do throws(Failure) {
            let value = try await fetch()
            let moment = clock()
            adopt(value, try policy.lifetime(value, began, moment), of: number, began: began, at: moment)
            return .success(value)
        } catch {
            fail(error, of: number, at: clock())
            return .failure(error)
        }
    }

    private func adopt(
        _ value: Value, _ lifetime: RefreshPolicy<Value, Failure>.Lifetime, of number: Int, began: Duration, at moment: Moment
    ) {
        let jitter = jitter()
        state.withLock { state in
            // A cancelled fetch may end after its successor has begun; then the successor decides about the schedule.
            let isCurrent = state.runningFetch?.number == number
            if isCurrent { state.runningFetch = nil }
            if let new = lifetime.end?.remaining(at: moment), new <= lifetime.minimumRemaining,
                let old = state.remaining(at: moment), old > new
            {
                if isCurrent { state.schedule.succeedUnused(at: moment.uptime) }
                return
            }
            let isSame = state.current?.lifetime.end?.date == lifetime.end?.date
            state.current = (value, lifetime)
            state.fetchedAt = began
            policy.publish(value)
            guard isCurrent else { return }
            state.schedule.succeed(at: moment.uptime, renewal: lifetime.renewal, isSame: isSame, jitter: jitter)
        }
    }

    private func fail(_ failure: Failure, of number: Int, at moment: Moment) {
        let jitter = jitter()
        state.withLock { state in
            guard state.runningFetch?.number == number else { return }
            state.runningFetch = nil
            state.failures[policy.label(failure), default: 0] += 1
            state.lastError = (failure, moment.uptime)
            let longest = policy.longestPause(failure, state.remaining(at: moment))
            state.schedule.fail(at: moment.uptime, longestPause: longest, jitter: jitter)
        }
    }
}
