// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import Synchronization
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
            life: { fetched, began, _ throws(KeyFetchError) in
                // Counted from the beginning of the fetch: the set is at least as old.
                Life(
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

/// How an issuer's remote keys are, for status pages and metrics. What came from the provider is bounded and harmless to show.
package struct RemoteKeysStatus: Sendable {
    package let issuer: String
    package let endpoint: KeyEndpoint
    /// Whether there is a set that verifies tokens.
    package let hasKeys: Bool
    /// The ids of the set's keys in printable ASCII; nil for a key without one. Empty without a set.
    package let keyIDs: [String?]
    /// The keys of the set that serve no token, each with the reason.
    package let skipped: [String]
    /// Whole seconds since the last successful fetch began; nil where there was none.
    package let ageSeconds: Int?
    /// The sentence of the last failed fetch, also when later ones succeeded; nil where none failed.
    package let lastError: String?
    /// A ``KeyFetchError/Reason``.
    package let lastErrorReason: String?
    /// Whole seconds since it failed.
    package let lastErrorAgeSeconds: Int?
    /// How many fetches failed since the last that succeeded: 0 where ``lastError`` is of the past.
    package let failuresInARow: Int
    /// How many fetches were begun.
    package let fetches: Int
    /// How many brought a set.
    package let successes: Int
    /// How many failed, by ``KeyFetchError/Reason``.
    package let failures: [String: Int]
}

/// Tokens that named a key which the issuer's set does not have: each may mean that the issuer has rotated, and any client can
/// make them up. At most one in 30 s asks for a fetch.
///
/// Apart from the schedule and its lock, because this is the only part of ``RemoteKeys`` that requests touch.
final class KeyMisses: Sendable {
    /// How long one miss keeps the others from asking.
    static let interval: Duration = .seconds(30)
    /// How long the same id is not asked for again.
    static let memory: Duration = .seconds(60)
    /// The most ids that are remembered.
    static let capacity = 128

    private let uptime: @Sendable () -> Duration
    /// The uptime in nanoseconds from which on a miss may ask again. Read before any lock is taken, so that a flood of made-up
    /// ids costs a look at the clock each.
    private let free = Atomic(Int64.min)
    private let isWanted = Atomic(false)
    private let asked = Mutex<[(id: String, until: Duration)]>([])

    init(uptime: @escaping @Sendable () -> Duration) {
        self.uptime = uptime
    }

    /// Takes note of an id that the set does not have.
    /// - Parameter id: a token's `kid`; at most 128 bytes, as ``TokenHeader`` has seen to.
    func note(_ id: String) {
        let now = uptime()
        guard now.nanoseconds >= free.load(ordering: .acquiring) else { return }
        asked.withLock { asked in
            guard now.nanoseconds >= free.load(ordering: .relaxed) else { return }
            asked.removeAll { $0.until <= now }
            guard asked.count < Self.capacity, !asked.contains(where: { $0.id.hasSameBytes(as: id) }) else { return }
            asked.append((id, now + Self.memory))
            // Taken before the fetch: a fetch that hangs or fails must not let the next miss ask.
            free.store((now + Self.interval).nanoseconds, ordering: .releasing)
            isWanted.store(true, ordering: .releasing)
        }
    }

    /// Whether a miss asks for a fetch that has not begun.
    var areWaiting: Bool { isWanted.load(ordering: .acquiring) }

    /// A fetch begins: it answers what was asked so far, and not what is asked while it runs.
    func fetchBegins() {
        isWanted.store(false, ordering: .releasing)
    }

    /// The set has other keys: what it lacked says nothing any more.
    func forget() {
        asked.withLock { $0.removeAll() }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
