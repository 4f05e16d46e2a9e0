// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import Synchronization
import WireFormats

/// The published keys of an issuer, renewed in the background.
///
/// It has no timer: about twice a second, a driver calls ``expire(at:)`` and, if ``isDue(at:)``, ``refresh(_:)``. A request never
/// waits for a fetch; it uses the current set of ``keys``. All uptimes are of one monotonic clock; the wall clock is not used.
package final class RemoteKeys: Sendable {
    /// Fetches the set that the issuer currently publishes. It must limit its own time.
    package typealias Fetch = @Sendable () async throws(KeyFetchError) -> FetchedKeys

    package let issuer: String
    package let endpoint: KeyEndpoint
    /// The current set, which is absent before the first fetch; for ``TrustedIssuer``.
    package let keys: IssuerKeys
    private let unknownKeys: UnknownKeyTracker
    private let refreshed: Refreshed<FetchedKeys, KeyFetchError>
    private let fetch: Fetch

    /// - Parameters:
    ///   - issuer: the issuer identifier.
    ///   - endpoint: where the keys are.
    ///   - algorithms: the issuer's algorithms.
    ///   - authorities: a PEM file of certificate authorities instead of the system's.
    ///   - proxies: the proxy, and the hosts that are requested without it.
    ///   - uptime: the monotonic clock that also provides the methods' uptime arguments; read when a token names an unknown
    ///     key.
    ///   - fetch: replaces the ``KeyFetcher`` in tests.
    ///   - random: a number from 0 to 1, for the jitter.
    package init(
        issuer: String,
        endpoint: KeyEndpoint,
        algorithms: [Algorithm],
        authorities: String? = nil,
        proxies: ProxySettings = .none,
        uptime: @escaping @Sendable () -> Duration,
        fetch: Fetch? = nil,
        random: @escaping @Sendable () -> Double = { .random(in: 0...1) }
    ) {
        let unknownKeys = UnknownKeyTracker(uptime: uptime)
        let keys = IssuerKeys(onUnknownKey: { unknownKeys.record($0) })
        let fetcher = KeyFetcher(
            issuer: issuer, endpoint: endpoint, algorithms: algorithms, authorities: authorities, proxies: proxies)
        self.issuer = issuer
        self.endpoint = endpoint
        self.unknownKeys = unknownKeys
        self.keys = keys
        self.fetch = fetch ?? fetcher.fetch
        refreshed = Refreshed(
            .keys { fetched in
                guard let fetched else {
                    keys.drop()
                    return
                }
                if keys.replace(with: fetched.set) { unknownKeys.removeAll() }
            },
            jitter: random)
    }

    /// Whether a fetch should begin now: the set must be renewed, a failed fetch must be repeated, or a token named an unknown key.
    package func isDue(at moment: Moment) -> Bool {
        refreshed.isDue(at: moment) || (unknownKeys.isFetchRequested && !refreshed.isRunning)
    }

    /// Fetches the keys and replaces the current set; if that fails, the current set stays. Returns at once if a fetch is running.
    package func refresh(_ clock: @escaping @Sendable () -> Moment) async {
        await refreshed.refresh(clock) { [unknownKeys, fetch] () async throws(KeyFetchError) in
            unknownKeys.clearRequest()
            return try await fetch()
        }
    }

    /// Removes the set 24 hours after the last successful fetch, because its keys may have been revoked. Tokens are then refused
    /// with ``AuthenticationError/keysUnavailable(issuer:)``.
    package func expire(at moment: Moment) { refreshed.expire(at: moment.uptime) }

    /// Fetches that failed since the last that succeeded; cheaper than ``status(at:)``.
    package var failuresInARow: Int { refreshed.status.failuresInARow }

    /// Returns the current status.
    package func status(at moment: Moment) -> RemoteKeysStatus {
        let status = refreshed.status
        let set = status.value?.set
        return RemoteKeysStatus(
            issuer: issuer,
            endpoint: endpoint,
            hasKeys: set != nil,
            keyIDs: set?.keyIDs.map { $0.map { $0.printableASCII() } } ?? [],
            skipped: set?.skipped.map(\.boundedDescription) ?? [],
            unexpected: set?.skipped.filter { !$0.isExpected }.map(\.boundedDescription) ?? [],
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
    /// Renews an issuer's keys at 70 to 80 % of their lifetime.
    /// - Parameter publish: called with each new set, and with nil when the set is removed.
    static func keys(publish: @escaping @Sendable (FetchedKeys?) -> Void = { _ in }) -> RefreshPolicy {
        RefreshPolicy(
            lifetime: { fetched, began, _ throws(KeyFetchError) in
                // Counted from the beginning of the fetch: the set can be that old.
                Lifetime(
                    renewal: .init(
                        freshUntil: Deadline(uptime: began + fetched.lifetime),
                        lead: fetched.lifetime * 0.2...fetched.lifetime * 0.3),
                    end: Deadline(uptime: began + FetchedKeys.maximumAge))
            },
            longestPause: { _, remaining in
                // Without keys the pause is short, for a service that starts before its provider does.
                remaining == nil ? .seconds(3) : RefreshSchedule.longestPause
            },
            label: { $0.reason.rawValue },
            publish: publish
        )
    }
}

/// The status of an issuer's remote keys, for status pages and metrics. Text from the provider is bounded printable ASCII.
package struct RemoteKeysStatus: Sendable {
    package let issuer: String
    package let endpoint: KeyEndpoint
    /// Whether there is a set to verify tokens with.
    package let hasKeys: Bool
    /// The ids of the set's keys; nil for a key without one. Empty without a set.
    package let keyIDs: [String?]
    /// The keys of the set that cannot be used, with the reasons.
    package let skipped: [String]
    /// Those of ``skipped`` that an operator should know of.
    package let unexpected: [String]
    /// Whole seconds since the start of the last successful fetch; nil if there was none.
    package let ageSeconds: Int?
    /// The description of the last error, even if later fetches succeeded; nil if none failed.
    package let lastError: String?
    /// A ``KeyFetchError/Reason``.
    package let lastErrorReason: String?
    /// Whole seconds since the last error.
    package let lastErrorAgeSeconds: Int?
    /// The number of failed fetches since the last successful one; 0 if ``lastError`` is older than that.
    package let failuresInARow: Int
    /// The number of fetches begun.
    package let fetches: Int
    /// The number of successful fetches.
    package let successes: Int
    /// The number of failed fetches, by ``KeyFetchError/Reason``.
    package let failures: [String: Int]
}

/// Turns tokens that name an unknown key into requests for a fetch, at most one in 30 s.
///
/// An unknown key can mean that the issuer has rotated its keys, but any client can invent key ids. This is separate from the
/// schedule and its lock, because it is the only part of ``RemoteKeys`` that requests use.
final class UnknownKeyTracker: Sendable {
    /// The shortest time between two requests.
    static let interval: Duration = .seconds(30)
    /// The shortest time between two requests for the same id.
    static let memory: Duration = .seconds(60)
    /// The largest number of ids that are remembered.
    static let capacity = 128

    private let uptime: @Sendable () -> Duration
    /// The uptime in nanoseconds from which another fetch may be requested. Read before any lock is taken, so that a flood of
    /// invented ids costs only one clock reading for each.
    private let nextRequestTime = Atomic(Int64.min)
    private let hasRequest = Atomic(false)
    /// The ids for which a fetch was requested, until they may be requested again.
    private let recentIDs = Mutex<[(id: String, until: Duration)]>([])

    init(uptime: @escaping @Sendable () -> Duration) {
        self.uptime = uptime
    }

    /// Records an id that the set does not have, and requests a fetch if one is allowed now.
    /// - Parameter id: a token's `kid`, of at most 128 bytes.
    func record(_ id: String) {
        let now = uptime()
        guard now.nanoseconds >= nextRequestTime.load(ordering: .acquiring) else { return }
        recentIDs.withLock { recent in
            guard now.nanoseconds >= nextRequestTime.load(ordering: .relaxed) else { return }
            recent.removeAll { $0.until <= now }
            guard recent.count < Self.capacity, !recent.contains(where: { $0.id.hasSameBytes(as: id) }) else { return }
            recent.append((id, now + Self.memory))
            // Set before the fetch, so that a fetch that hangs or fails does not allow another request.
            nextRequestTime.store((now + Self.interval).nanoseconds, ordering: .releasing)
            hasRequest.store(true, ordering: .releasing)
        }
    }

    /// Whether a fetch has been requested and has not begun.
    var isFetchRequested: Bool { hasRequest.load(ordering: .acquiring) }

    /// Clears the request at the beginning of a fetch. A later one, during the fetch, leads to another fetch.
    func clearRequest() {
        hasRequest.store(false, ordering: .releasing)
    }

    /// Forgets all ids, because the set has changed.
    func removeAll() {
        recentIDs.withLock { $0.removeAll() }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
