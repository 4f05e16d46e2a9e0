// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PosternTestSupport

@testable import UserAuth

/// A provider, its remote keys, an authenticator that trusts them, and a clock that a test sets.
final class RemoteScene: Sendable {
    let provider: KeyProvider
    let remote: RemoteKeys
    let authenticator: Authenticator
    private let clock: TestClock

    init(_ keys: KeyProvider.Behaviour, endpoint: KeyEndpoint = .jwks(url: KeyProvider.keysURL), jitter: Double = 0.5) {
        let clock = TestClock()
        provider = KeyProvider(keys)
        remote = RemoteKeys(
            issuer: KeyProvider.issuer, endpoint: endpoint, algorithms: [.es256], uptime: { clock.uptime },
            fetch: provider.fetcher(endpoint: endpoint).fetch, random: { jitter }
        )
        let issuer = TrustedIssuer(
            issuer: KeyProvider.issuer, audiences: ["uploads"], algorithms: [.es256], keys: remote.keys, tenant: .fixed("acme")
        )
        authenticator = Authenticator(issuers: [issuer], apiKeys: [], cacheCapacity: 100)
        self.clock = clock
    }

    var now: Moment { clock.moment }
    var status: RemoteKeysStatus { remote.status(at: now) }

    /// What the service's driver does at each of its ticks, which are half a second apart.
    func run(_ duration: Duration, tick: Duration = .milliseconds(500)) async {
        let end = clock.uptime + duration
        await step()
        while clock.uptime < end {
            clock.advance(by: tick)
            await step()
        }
    }

    func step() async {
        remote.expire(at: now)
        if remote.isDue(at: now) { await refresh() }
    }

    func refresh() async { await remote.refresh { self.now } }

    /// Only the clock goes on.
    func pass(_ duration: Duration) { clock.advance(by: duration) }

    /// "accepted", or the reason of the refusal.
    func answer(_ token: String) -> String { authenticator.answer(token) }
}
