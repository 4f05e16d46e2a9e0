// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What differs between the kinds of values that are fetched and kept.
package struct RefreshPolicy<Value: Sendable, Failure: Error>: Sendable {
    /// How long a value is good.
    package struct Life: Sendable {
        /// Nil for a value that needs no other.
        package let renewal: RefreshSchedule.Renewal?
        /// When it must no longer be used; nil for never.
        package let end: Deadline?
        /// A value with less time than this to its end does not replace one that lives longer.
        package let minimumRemaining: Duration

        package init(renewal: RefreshSchedule.Renewal?, end: Deadline?, minimumRemaining: Duration = .zero) {
            self.renewal = renewal
            self.end = end
            self.minimumRemaining = minimumRemaining
        }
    }

    /// Judges a value that was fetched.
    package typealias Judge =
        @Sendable (_ value: Value, _ began: Duration, _ ended: Moment) throws(Failure) -> Life

    let life: Judge
    let longestPause: @Sendable (_ failure: Failure?, _ remaining: Duration?) -> Duration
    let label: @Sendable (Failure) -> String
    let publish: @Sendable (Value?) -> Void

    /// - Parameters:
    ///   - life: how long a value is good, by the uptime at which its fetch began and the moment at which it ended; throws
    ///     where it is no good
    ///   - longestPause: the longest pause after a failure, by the time that the value in use still has; nil for the time where
    ///     there is no value or it has no end, nil for the failure where there was none
    ///   - label: the kind of a failure, for counting
    ///   - publish: called with each value that comes into use, and with nil when it is dropped, under a lock: it must be quick
    package init(
        life: @escaping Judge,
        longestPause: @escaping @Sendable (_ failure: Failure?, _ remaining: Duration?) -> Duration,
        label: @escaping @Sendable (Failure) -> String,
        publish: @escaping @Sendable (Value?) -> Void = { _ in }
    ) {
        self.life = life
        self.longestPause = longestPause
        self.label = label
        self.publish = publish
    }
}

/// A value that is fetched in the background and kept: the key set of an issuer, or credentials.
///
/// Has no timer. Either a driver calls ``expire(at:)`` and, where ``isDue(at:)`` says so, ``refresh(_:fetch:)`` about twice a
/// second, or callers that need the value ask for it with ``value(lasting:orYoungerThan:_:fetch:)``. One fetch runs at a time.
package final class Refreshed<Value: Sendable, Failure: Error>: Sendable {
    /// Has an end by itself.
    package typealias Fetch = @Sendable () async throws(Failure) -> Value
    package typealias Clock = @Sendable () -> Moment

    /// What is known.
    package struct Status: Sendable {
        /// The value in use.
        package let value: Value?
        /// The end of the value in use; nil where it has none.
        package let end: Deadline?
        /// The uptime at which the fetch of the last value that came into use began, also when that was dropped.
        package let fetchedAt: Duration?
        /// Why the last fetch that failed did, also when later ones succeeded.
        package let lastError: Failure?
        /// The uptime at which it failed.
        package let lastErrorAt: Duration?
        /// How many fetches began.
        package let attempts: Int
        package let successes: Int
        /// How many failed, by the policy's label.
        package let failures: [String: Int]
        /// How many failed since the last that succeeded.
        package let failuresInARow: Int

        /// Why the last fetch failed; nil where it succeeded.
        package var presentError: Failure? { failuresInARow > 0 ? lastError : nil }
        /// Whether there was a value that was dropped at its end.
        package var hasEnded: Bool { value == nil && successes > 0 }
    }

    private typealias Outcome = Result<Value, Failure>

    private struct State {
        var schedule = RefreshSchedule()
        var held: (value: Value, life: RefreshPolicy<Value, Failure>.Life)?
        /// When the fetch of the last value that came into use began.
        var fetchedAt: Duration?
        var lastError: (failure: Failure, uptime: Duration)?
        var failures: [String: Int] = [:]
        var flight: Flight?

        func remaining(at moment: Moment) -> Duration? { held?.life.end?.remaining(at: moment) }
    }

    /// The fetch that is under way.
    private struct Flight {
        let number: Int
        let task: Task<Outcome, Never>
        /// How many wait for it. When all have given up, it is cancelled, and no later caller joins it.
        var waiting = 1
    }

    private let policy: RefreshPolicy<Value, Failure>
    private let jitter: @Sendable () -> Double
    private let state = Mutex(State())

    /// - Parameter jitter: 0 to 1, anew each time
    package init(
        _ policy: RefreshPolicy<Value, Failure>, jitter: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        self.policy = policy
        self.jitter = jitter
    }

    /// Whether a fetch is under way.
    package var isRunning: Bool { state.withLock { $0.schedule.isRunning } }

    /// Whether a fetch should begin.
    package func isDue(at moment: Moment) -> Bool { state.withLock { $0.schedule.isDue(at: moment) } }

    /// Fetches the value: the new one is used, or else the old one until its end. Returns at once where a fetch runs.
    package func refresh(_ clock: @escaping Clock, fetch: @escaping Fetch) async {
        guard let task = state.withLock({ $0.flight == nil ? begin(&$0, clock, fetch) : nil }) else { return }
        _ = await outcome(of: task)
    }

    /// Fetches the value, or waits for the fetch that is under way. The fetch continues until the last waiter is
    /// cancelled.
    package func fetched(_ clock: @escaping Clock, fetch: @escaping Fetch) async throws(Failure) -> Value {
        let task = state.withLock { state in
            guard let flight = state.flight, flight.waiting > 0 else { return begin(&state, clock, fetch) }
            state.flight?.waiting += 1
            return flight.task
        }
        return try await outcome(of: task).get()
    }

    /// The value where it has more than `margin` to its end, or has none and is younger than `age`; otherwise a new one. Where
    /// none can be fetched, the old one to its end.
    package func value(
        lasting margin: Duration, orYoungerThan age: Duration, _ clock: @escaping Clock, fetch: @escaping Fetch
    ) async throws(Failure) -> Value {
        let moment = clock()
        let (held, fetchedAt) = state.withLock { ($0.held, $0.fetchedAt) }
        guard let held else { return try await fetched(clock, fetch: fetch) }
        guard let end = held.life.end else {
            if let fetchedAt, moment.uptime - fetchedAt < age { return held.value }
            return try await fetched(clock, fetch: fetch)
        }
        if end.remaining(at: moment) > margin { return held.value }
        do throws(Failure) {
            return try await fetched(clock, fetch: fetch)
        } catch {
            guard end.remaining(at: clock()) > .zero else { throw error }
            return held.value
        }
    }

    /// Drops a value that has ended by uptime, whatever the wall clock says.
    package func expire(at uptime: Duration) {
        state.withLock { state in
            guard let end = state.held?.life.end, end.uptime <= uptime else { return }
            state.held = nil
            policy.publish(nil)
            state.schedule.dropped(at: uptime, longestPause: policy.longestPause(state.lastError?.failure, nil))
        }
    }

    package var status: Status {
        state.withLock { state in
            Status(
                value: state.held?.value,
                end: state.held?.life.end,
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
        state.schedule.began()
        let number = state.schedule.attempts
        // Not the caller's own task: a caller that gives up must not end it for the others.
        let task = Task { await self.run(number, clock, fetch) }
        state.flight = Flight(number: number, task: task)
        return task
    }

    private func outcome(of task: Task<Outcome, Never>) async -> Outcome {
        await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            let isLast = state.withLock { state in
                guard state.flight?.task == task else { return false }
                state.flight?.waiting -= 1
                return state.flight?.waiting == 0
            }
            if isLast { task.cancel() }
        }
    }

    private func run(_ number: Int, _ clock: Clock, _ fetch: Fetch) async -> Outcome {
        let began = clock().uptime
        do throws(Failure) {
            let value = try await fetch()
            let moment = clock()
            adopt(value, try policy.life(value, began, moment), of: number, began: began, at: moment)
            return .success(value)
        } catch {
            fail(error, of: number, at: clock())
            return .failure(error)
        }
    }

    private func adopt(
        _ value: Value, _ life: RefreshPolicy<Value, Failure>.Life, of number: Int, began: Duration, at moment: Moment
    ) {
        let jitter = jitter()
        state.withLock { state in
            // One that all had given up may end after the one that took its place began: that one settles the schedule.
            let isCurrent = state.flight?.number == number
            if isCurrent { state.flight = nil }
            if let new = life.end?.remaining(at: moment), new <= life.minimumRemaining,
                let old = state.remaining(at: moment), old > new
            {
                if isCurrent { state.schedule.succeededUnused(at: moment.uptime) }
                return
            }
            let isSame = state.held?.life.end?.date == life.end?.date
            state.held = (value, life)
            state.fetchedAt = began
            policy.publish(value)
            guard isCurrent else { return }
            state.schedule.succeeded(at: moment.uptime, renewal: life.renewal, isSame: isSame, jitter: jitter)
        }
    }

    private func fail(_ failure: Failure, of number: Int, at moment: Moment) {
        let jitter = jitter()
        state.withLock { state in
            guard state.flight?.number == number else { return }
            state.flight = nil
            state.failures[policy.label(failure), default: 0] += 1
            state.lastError = (failure, moment.uptime)
            let longest = policy.longestPause(failure, state.remaining(at: moment))
            state.schedule.failed(at: moment.uptime, longestPause: longest, jitter: jitter)
        }
    }
}
