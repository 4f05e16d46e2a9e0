// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import Synchronization

@testable import UserAuth

/// A provider, its remote keys, an authenticator that trusts them, and a clock that a test sets.
final class RemoteScene: Sendable {
    let provider: KeyProvider
    let remote: RemoteKeys
    let authenticator: Authenticator
    private let clock: SimulatedClock

    final class SimulatedClock: Sendable {
        // Any start will do: only differences count.
        private let value = Mutex(Duration.seconds(1_000_000))
        var now: Duration { value.withLock { $0 } }
        func advance(_ duration: Duration) { value.withLock { $0 += duration } }
    }

    init(_ keys: KeyProvider.Behaviour, endpoint: KeyEndpoint = .jwks(url: KeyProvider.keysURL), jitter: Double = 0.5) {
        let clock = SimulatedClock()
        provider = KeyProvider(keys)
        remote = RemoteKeys(
            issuer: KeyProvider.issuer, endpoint: endpoint, algorithms: [.es256], uptime: { clock.now },
            fetch: provider.fetcher(endpoint: endpoint).fetch, random: { jitter }
        )
        let issuer = TrustedIssuer(
            issuer: KeyProvider.issuer, audiences: ["uploads"], algorithms: [.es256], keys: remote.keys, tenant: .fixed("acme")
        )
        authenticator = Authenticator(issuers: [issuer], apiKeys: [], cacheCapacity: 100)
        self.clock = clock
    }

    /// The wall clock has no part in this: it stands still.
    var now: Moment { Moment(date: Date(timeIntervalSince1970: 0), uptime: clock.now) }
    var status: RemoteKeysStatus { remote.status(at: now) }

    /// What the service's driver does at each of its ticks, which are half a second apart.
    func run(_ duration: Duration, tick: Duration = .milliseconds(500)) async {
        let end = clock.now + duration
        await step()
        while clock.now < end {
            clock.advance(tick)
            await step()
        }
    }

    func step() async {
        remote.expire(at: now)
        if remote.isDue(at: now) { await refresh() }
    }

    func refresh() async { await remote.refresh { self.now } }

    /// Only the clock goes on.
    func pass(_ duration: Duration) { clock.advance(duration) }

    /// "accepted", or the reason of the refusal.
    func answer(_ token: String) -> String { authenticator.answer(token) }
}
