// SPDX-License-Identifier: Apache-2.0

import Synchronization
import WireFormats

/// The keys of an issuer that publishes them, kept fresh beside the requests' way.
///
/// Has no timer: a driver calls ``expire(at:)`` and, where ``isDue(at:)`` says so, ``refresh(at:)`` about twice a second. A
/// request never waits for a fetch: it takes the set that is there from ``keys``. All uptimes are of one clock that never
/// jumps; the wall clock has no part in this.
package final class RemoteKeys: Sendable {
    /// Fetches the set that the issuer publishes now. Has an end by itself.
    package typealias Fetch = @Sendable () async throws(KeyFetchError) -> FetchedKeys

    package let issuer: String
    package let endpoint: KeyEndpoint
    /// The set in use, none until the first fetch; for ``TrustedIssuer``.
    package let keys: IssuerKeys
    private let misses: KeyMisses
    private let schedule = Mutex(RefreshSchedule())
    private let uptime: @Sendable () -> Duration
    private let fetch: Fetch
    private let random: @Sendable () -> Double

    /// - Parameters:
    ///   - issuer: as tokens name it.
    ///   - endpoint: where the keys are.
    ///   - algorithms: the issuer's.
    ///   - authorities: a PEM file of certificate authorities instead of the system's.
    ///   - uptime: the clock of the uptimes that the methods are given; read when a token names an unknown key and when a
    ///     fetch ends.
    ///   - fetch: instead of a ``KeyFetcher``.
    ///   - random: 0 to 1, for the jitter.
    package init(
        issuer: String,
        endpoint: KeyEndpoint,
        algorithms: [Algorithm],
        authorities: String? = nil,
        uptime: @escaping @Sendable () -> Duration,
        fetch: Fetch? = nil,
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        let misses = KeyMisses(uptime: uptime)
        let fetcher = KeyFetcher(issuer: issuer, endpoint: endpoint, algorithms: algorithms, authorities: authorities)
        self.issuer = issuer
        self.endpoint = endpoint
        self.misses = misses
        self.uptime = uptime
        self.fetch = fetch ?? fetcher.fetch
        self.random = random
        keys = IssuerKeys(onMiss: { misses.note($0) })
    }

    /// Whether a fetch should begin now: the set's time has come, a failed fetch is to be tried again, or a token named a key
    /// that the set does not have.
    package func isDue(at uptime: Duration) -> Bool {
        schedule.withLock { $0.isDue(at: uptime) || (!$0.isRunning && misses.areWaiting) }
    }

    /// Fetches the keys and puts them into use; where that fails, those in use stay. Returns at once where a fetch runs.
    package func refresh(at uptime: Duration) async {
        guard schedule.withLock({ $0.begin() }) else { return }
        misses.fetchBegins()
        do throws(KeyFetchError) {
            let fetched = try await fetch()
            schedule.withLock { schedule in
                if keys.replace(with: fetched.set) { misses.forget() }
                schedule.succeed(at: uptime, lifetime: fetched.lifetime, jitter: random())
            }
        } catch {
            // A fetch that timed out has taken its time: the pause begins now.
            let end = max(uptime, self.uptime())
            schedule.withLock { $0.fail(error, at: end, hasKeys: keys.current != nil, jitter: random()) }
        }
    }

    /// Drops the set where 24 hours have passed since the last successful fetch: a provider that is silent so long may have
    /// taken back its keys. Tokens are then answered with ``AuthenticationFailure/keysUnavailable(issuer:)``.
    package func expire(at uptime: Duration) {
        // Under the lock that a fetch adopts its set under, so that a fresh set is never dropped for its predecessor's age.
        schedule.withLock { schedule in
            guard schedule.isExpired(at: uptime), keys.drop() else { return }
            schedule.keysDropped(at: uptime)
        }
    }

    /// How the keys are now.
    package func status(at uptime: Duration) -> RemoteKeysStatus {
        schedule.withLock { schedule in
            let set = keys.current
            let error = schedule.lastError
            return RemoteKeysStatus(
                issuer: issuer,
                endpoint: endpoint,
                hasKeys: set != nil,
                keyIDs: set?.keyIDs.map { $0?.printableASCII() } ?? [],
                skipped: set?.skipped.map(\.shown) ?? [],
                ageSeconds: schedule.lastSuccess.map { Self.seconds(from: $0, to: uptime) },
                lastError: error?.error.description,
                lastErrorReason: error?.error.reason.rawValue,
                lastErrorAgeSeconds: error.map { Self.seconds(from: $0.uptime, to: uptime) },
                failuresInARow: schedule.failuresInARow,
                fetches: schedule.fetches,
                successes: schedule.successes,
                failures: Dictionary(uniqueKeysWithValues: schedule.failures.map { ($0.key.rawValue, $0.value) })
            )
        }
    }

    private static func seconds(from start: Duration, to end: Duration) -> Int {
        max(0, Int((end - start).components.seconds))
    }
}
