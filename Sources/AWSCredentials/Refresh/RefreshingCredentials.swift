// SPDX-License-Identifier: Apache-2.0

package import PostPolicy
import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The credentials of one origin: read by requests, renewed beside them.
///
/// Two clocks judge their life. The wall clock is the store's own measure, but it may be set; the uptime never jumps, and ends
/// what a clock that was set back would keep alive. Nothing here waits by itself: a driver asks ``isDue(at:uptime:)`` twice a
/// second and calls ``refresh(at:uptime:)``.
package final class RefreshingCredentials: Sendable {
    package let origin: CredentialOrigin
    /// Seconds before their end at which they are of no use any more.
    private let useless: Double
    private let fetch: @Sendable () async throws(CredentialProblem) -> ProvidedCredentials
    private let jitter: @Sendable () -> Double
    private let state = Mutex(State())

    /// What is known at a moment.
    private struct State {
        var held: Held?
        var problem: CredentialProblem?
        var problemAt: Duration?
        var refreshing = false
        /// Not before this uptime, after a failure.
        var notBefore = Duration.zero
        var failuresInARow = 0
        var successes = 0
        var failures = 0
    }

    /// Credentials that were fetched.
    private struct Held {
        var provided: ProvidedCredentials
        var fetchedAt: Duration
        /// Their end by uptime; nil for those without end.
        var end: Duration?
        /// How long before the end they are renewed, in seconds.
        var lead: Double

        /// Seconds that they live, by the clock that gives them less; nil for those without end.
        func remaining(at now: Date, uptime: Duration) -> Double? {
            guard let end, let expiration = provided.credentials.expiration else { return nil }
            return min((end - uptime) / .seconds(1), expiration.timeIntervalSince(now))
        }
    }

    /// - Parameters:
    ///   - useless: seconds before their end at which they are of no use any more: no ticket is given
    ///   - fetch: asks the origin; bounded in time
    ///   - jitter: 0 to 1, anew each time
    package init(
        origin: CredentialOrigin,
        useless: Double,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        fetch: @escaping @Sendable () async throws(CredentialProblem) -> ProvidedCredentials
    ) {
        self.origin = origin
        self.useless = useless
        self.jitter = jitter
        self.fetch = fetch
    }

    /// The credentials, if they are alive at `now`.
    package func current(at now: Date) throws(CredentialProblem) -> SigningCredentials {
        let result = state.withLock { state -> Result<SigningCredentials, CredentialProblem> in
            guard let held = state.held else { return .failure(state.problem ?? .unavailable("they have not been fetched yet")) }
            let credentials = held.provided.credentials
            if let end = credentials.expiration, end <= now { return .failure(.expired) }
            return .success(credentials)
        }
        return try result.get()
    }

    /// Why no ticket can be signed at `now`; nil where one can.
    package func problem(at now: Date) -> CredentialProblem? {
        do throws(CredentialProblem) {
            _ = try current(at: now.addingTimeInterval(useless))
            return nil
        } catch {
            guard case .expired = error else { return error }
            return state.withLock { state in
                if let problem = state.problem { return problem }
                guard let end = state.held?.provided.credentials.expiration, end > now else { return error }
                return .unavailable("the AWS credentials end in \(Int(end.timeIntervalSince(now))) s, too soon for a ticket")
            }
        }
    }

    /// Whether they should be fetched now.
    package func isDue(at now: Date, uptime: Duration) -> Bool {
        state.withLock { state in
            guard !state.refreshing, uptime >= state.notBefore else { return false }
            guard let held = state.held else { return true }
            guard let remaining = held.remaining(at: now, uptime: uptime) else { return false }
            return remaining <= held.lead
        }
    }

    /// Ends what is over by uptime, whatever the wall clock says.
    package func expire(at uptime: Duration) {
        state.withLock { state in
            guard let end = state.held?.end, end <= uptime else { return }
            state.held = nil
            if state.problem == nil { state.problem = .expired }
        }
    }

    /// Fetches them, unless that is under way: the new ones are kept, or else the old ones until their end.
    /// - Parameters:
    ///   - now: reads the wall clock, when the answer is there
    ///   - uptime: reads a clock that never jumps
    package func refresh(at now: @Sendable () -> Date, uptime: @Sendable () -> Duration) async {
        let begins = state.withLock { state in
            defer { state.refreshing = true }
            return !state.refreshing
        }
        guard begins else { return }
        let result: Result<ProvidedCredentials, CredentialProblem>
        do throws(CredentialProblem) {
            result = .success(try await fetch())
        } catch {
            result = .failure(error)
        }
        keep(result, at: now(), uptime: uptime())
    }

    private func keep(_ result: Result<ProvidedCredentials, CredentialProblem>, at now: Date, uptime: Duration) {
        let jitter = jitter()
        state.withLock { state in
            state.refreshing = false
            let problem: CredentialProblem
            switch result {
            case .success(let provided):
                let remaining = provided.credentials.expiration.map { $0.timeIntervalSince(now) }
                if let remaining, remaining <= 0 {
                    problem = .unavailable(
                        "\(provided.provider) gave credentials that have already ended: is this machine's clock right?")
                    break
                }
                state.successes += 1
                state.failuresInARow = 0
                state.problem = nil
                state.problemAt = nil
                let held = state.held?.remaining(at: now, uptime: uptime)
                if let remaining, remaining <= useless, let held, held > remaining {
                    // What is of no use must not take the place of what still is.
                    state.notBefore = uptime + .seconds(RefreshTiming.rest(isSame: true))
                    return
                }
                let isSame = state.held?.provided.credentials.expiration == provided.credentials.expiration
                state.notBefore = uptime + .seconds(RefreshTiming.rest(isSame: isSame))
                state.held = Held(
                    provided: provided,
                    fetchedAt: uptime,
                    end: remaining.map { uptime + .seconds($0) },
                    lead: remaining.map { RefreshTiming.lead(remaining: $0, useless: useless, jitter: jitter) } ?? 0
                )
                return
            case .failure(let failure):
                problem = failure
            }
            state.failures += 1
            state.failuresInARow += 1
            state.problem = problem
            state.problemAt = uptime
            let left = state.held.map { max(0, $0.remaining(at: now, uptime: uptime) ?? 0) } ?? 0
            state.notBefore =
                uptime
                + .seconds(
                    RefreshTiming.pause(
                        failures: state.failuresInARow, remaining: left, isOutage: problem.isOutage, jitter: jitter))
        }
    }

    /// What operators are told.
    package func status(at now: Date, uptime: Duration) -> CredentialsStatus {
        state.withLock { state in
            CredentialsStatus(
                origin: origin,
                provider: state.held?.provided.provider,
                accessKeySuffix: state.held.map {
                    String(decoding: $0.provided.credentials.accessKeyID.utf8.suffix(4), as: UTF8.self)
                },
                expiration: state.held?.provided.credentials.expiration,
                remaining: state.held?.remaining(at: now, uptime: uptime),
                ageSeconds: state.held.map { (uptime - $0.fetchedAt) / .seconds(1) },
                problem: state.problem,
                problemAgeSeconds: state.problemAt.map { (uptime - $0) / .seconds(1) },
                successes: state.successes,
                failures: state.failures,
                failuresInARow: state.failuresInARow
            )
        }
    }
}
