// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import WireFormats

/// The keys of an issuer that publishes them, renewed in the background.
///
/// Has no timer: a driver calls ``expire(at:)`` and, where ``isDue(at:)`` says so, ``refresh(_:)`` about twice a second. A
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
    private let refreshed: Refreshed<FetchedKeys, KeyFetchError>
    private let fetch: Fetch

    /// - Parameters:
    ///   - issuer: as tokens name it.
    ///   - endpoint: where the keys are.
    ///   - algorithms: the issuer's.
    ///   - authorities: a PEM file of certificate authorities instead of the system's.
    ///   - uptime: the clock of the uptimes that the methods are given; read when a token names an unknown key.
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
        let keys = IssuerKeys(onMiss: { misses.note($0) })
        let fetcher = KeyFetcher(issuer: issuer, endpoint: endpoint, algorithms: algorithms, authorities: authorities)
        self.issuer = issuer
        self.endpoint = endpoint
        self.misses = misses
        self.keys = keys
        self.fetch = fetch ?? fetcher.fetch
        refreshed = Refreshed(
            .keys { fetched in
                guard let fetched else {
                    keys.drop()
                    return
                }
                if keys.replace(with: fetched.set) { misses.forget() }
            },
            jitter: random)
    }

    /// Whether a fetch should begin now: the set's time has come, a failed fetch is to be tried again, or a token named a key
    /// that the set does not have.
    package func isDue(at moment: Moment) -> Bool {
        refreshed.isDue(at: moment) || (misses.areWaiting && !refreshed.isRunning)
    }

    /// Fetches the keys and puts them into use; where that fails, those in use stay. Returns at once where a fetch runs.
    package func refresh(_ clock: @escaping @Sendable () -> Moment) async {
        await refreshed.refresh(clock) { [misses, fetch] () async throws(KeyFetchError) in
            misses.fetchBegins()
            return try await fetch()
        }
    }

    /// Drops the set where 24 hours have passed since the last successful fetch: a provider that is silent so long may have
    /// taken back its keys. Tokens are then answered with ``AuthenticationError/keysUnavailable(issuer:)``.
    package func expire(at moment: Moment) { refreshed.expire(at: moment.uptime) }

    /// How the keys are now.
    package func status(at moment: Moment) -> RemoteKeysStatus {
        let status = refreshed.status
        let set = status.value?.set
        return RemoteKeysStatus(
            issuer: issuer,
            endpoint: endpoint,
            hasKeys: set != nil,
            keyIDs: set?.keyIDs.map { $0.map { $0.printableASCII() } } ?? [],
            skipped: set?.skipped.map(\.shown) ?? [],
            ageSeconds: status.fetchedAt.map { Self.seconds(from: $0, to: moment.uptime) },
            lastError: status.lastError?.description,
            lastErrorReason: status.lastError?.reason.rawValue,
            lastErrorAgeSeconds: status.lastErrorAt.map { Self.seconds(from: $0, to: moment.uptime) },
            failuresInARow: status.failuresInARow,
            fetches: status.attempts,
            successes: status.successes,
            failures: status.failures
        )
    }

    private static func seconds(from start: Duration, to end: Duration) -> Int {
        max(0, Int((end - start).components.seconds))
    }
}

extension RefreshPolicy where Value == FetchedKeys, Failure == KeyFetchError {
    /// When an issuer's keys are fetched anew: at 70 to 80 % of their lifetime.
    /// - Parameter publish: called with each set that comes into use, and with nil when it is dropped
    static func keys(publish: @escaping @Sendable (FetchedKeys?) -> Void = { _ in }) -> RefreshPolicy {
        RefreshPolicy(
            lifetime: { fetched, began, _ throws(KeyFetchError) in
                // Counted from the beginning of the fetch: the set is at least as old.
                Lifetime(
                    renewal: .init(
                        freshUntil: Deadline(uptime: began + fetched.lifetime),
                        lead: fetched.lifetime * 0.2...fetched.lifetime * 0.3),
                    end: Deadline(uptime: began + KeyLifetime.maximumAge))
            },
            longestPause: { _, remaining in
                // Without keys the pause is short, so that a service that started before its provider works soon after it.
                remaining == nil ? .seconds(3) : RefreshSchedule.longestPause
            },
            label: { $0.reason.rawValue },
            publish: publish
        )
    }
}
