// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
package import PostPolicy
import Synchronization

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The credentials of one source: read by requests, renewed in the background.
///
/// Two clocks judge their life. The wall clock is the store's own measure, but it may be set; the uptime never jumps, and ends
/// what a clock that was set back would keep alive. Nothing here waits by itself: a driver asks ``isDue(at:)`` twice a second
/// and calls ``refresh(_:)``.
package final class RefreshingCredentials: Sendable {
    package let origin: CredentialSource
    /// Seconds before their end at which they are of no use any more.
    private let minimumRemaining: Double
    private let fetch: @Sendable () async throws(CredentialError) -> ProvidedCredentials
    private let refreshed: RefreshedCredentials
    private let published: Published

    /// What requests read: a lock of its own, which no fetch holds for long.
    private final class Published: Sendable {
        let credentials = Mutex<SigningCredentials?>(nil)
    }

    /// - Parameters:
    ///   - minimumRemaining: credentials with fewer seconds than this to their end sign no ticket
    ///   - fetch: asks the origin; bounded in time
    ///   - jitter: 0 to 1, anew each time
    package init(
        origin: CredentialSource,
        minimumRemaining: Double,
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        fetch: @escaping @Sendable () async throws(CredentialError) -> ProvidedCredentials
    ) {
        self.origin = origin
        self.minimumRemaining = minimumRemaining
        self.fetch = fetch
        let published = Published()
        self.published = published
        refreshed = Refreshed(
            .credentials(minimumRemaining: minimumRemaining) { provided in
                published.credentials.withLock { $0 = provided?.credentials }
            },
            jitter: jitter)
    }

    /// The credentials, if they are alive at `now`.
    package func current(at now: Date) throws(CredentialError) -> SigningCredentials {
        guard let credentials = published.credentials.withLock({ $0 }) else { throw absence }
        if let end = credentials.expiration, end <= now { throw .expired }
        return credentials
    }

    /// Why no ticket can be signed at `now`; nil where one can.
    package func problem(at now: Date) -> CredentialError? {
        guard let credentials = published.credentials.withLock({ $0 }) else { return absence }
        guard let end = credentials.expiration, end <= now.addingTimeInterval(minimumRemaining) else { return nil }
        if let problem = refreshed.status.presentError { return problem }
        guard end > now else { return .expired }
        return .unavailable("the AWS credentials end in \(Int(end.timeIntervalSince(now))) s, too soon for a ticket")
    }

    /// Why there are no credentials.
    private var absence: CredentialError {
        Self.problem(refreshed.status) ?? .unavailable("they have not been fetched yet")
    }

    /// What is wrong since the last fetch that succeeded.
    private static func problem(_ status: RefreshedCredentials.Status) -> CredentialError? {
        status.presentError ?? (status.hasEnded ? .expired : nil)
    }

    /// Whether they should be fetched now.
    package func isDue(at moment: Moment) -> Bool { refreshed.isDue(at: moment) }

    /// Ends what is over by uptime, whatever the wall clock says.
    package func expire(at moment: Moment) { refreshed.expire(at: moment.uptime) }

    /// Fetches them, unless that is under way: the new ones are kept, or else the old ones until their end.
    package func refresh(_ clock: @escaping @Sendable () -> Moment) async {
        await refreshed.refresh(clock, fetch: fetch)
    }

    /// What operators see.
    package func status(at moment: Moment) -> CredentialsStatus {
        let status = refreshed.status
        let credentials = status.value?.credentials
        return CredentialsStatus(
            origin: origin,
            provider: status.value?.provider,
            accessKeySuffix: credentials.map { String(decoding: $0.accessKeyID.utf8.suffix(4), as: UTF8.self) },
            expiration: credentials?.expiration,
            remaining: status.end.map { $0.remaining(at: moment) / .seconds(1) },
            ageSeconds: credentials == nil ? nil : Self.seconds(since: status.fetchedAt, at: moment),
            problem: Self.problem(status),
            problemAgeSeconds: status.failuresInARow > 0 ? Self.seconds(since: status.lastErrorAt, at: moment) : nil,
            successes: status.successes,
            failures: status.failures.values.reduce(0, +),
            failuresInARow: status.failuresInARow
        )
    }

    private static func seconds(since uptime: Duration?, at moment: Moment) -> Double? {
        uptime.map { (moment.uptime - $0) / .seconds(1) }
    }
}
