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
/// Two clocks determine when they expire. The store uses the wall clock, which may be changed; the uptime never jumps, so
/// credentials expire in time even if the wall clock was set back. There is no timer: a driver calls ``isDue(at:)`` twice a
/// second, and ``refresh(_:)`` if it returns true.
package final class RefreshingCredentials: Sendable {
    package let source: CredentialSource
    /// Credentials that expire in fewer seconds than this cannot sign a ticket.
    private let minimumRemaining: Double
    private let fetch: CredentialCache.Fetch
    private let cache: CredentialCache
    private let published: Published

    /// The credentials that requests read, with a separate lock that no fetch holds for long.
    private final class Published: Sendable {
        let credentials = Mutex<SigningCredentials?>(nil)
    }

    /// - Parameters:
    ///   - minimumRemaining: credentials that expire in fewer seconds than this cannot sign a ticket
    ///   - validate: throws if fetched credentials cannot be used
    ///   - jitter: returns a new random number from 0 to 1
    ///   - fetch: fetches new credentials from the source, in bounded time
    package init(
        source: CredentialSource,
        minimumRemaining: Double,
        validate: @escaping @Sendable (SigningCredentials) throws(CredentialError) -> Void = { _ in },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        fetch: @escaping @Sendable () async throws(CredentialError) -> ProvidedCredentials
    ) {
        self.source = source
        self.minimumRemaining = minimumRemaining
        self.fetch = fetch
        let published = Published()
        self.published = published
        cache = CredentialCache(
            .credentials(minimumRemaining: minimumRemaining, validate: validate) { provided in
                published.credentials.withLock { $0 = provided?.credentials }
            },
            jitter: jitter)
    }

    /// Returns the credentials, unless they have expired at `now`.
    package func current(at now: Date) throws(CredentialError) -> SigningCredentials {
        guard let credentials = published.credentials.withLock({ $0 }) else { throw unavailableError }
        if let end = credentials.expiration, end <= now { throw .expired }
        return credentials
    }

    /// Why no ticket can be signed at `now`; nil if one can.
    package func problem(at now: Date) -> CredentialError? {
        guard let credentials = published.credentials.withLock({ $0 }) else { return unavailableError }
        guard let end = credentials.expiration, end <= now.addingTimeInterval(minimumRemaining) else { return nil }
        if let error = cache.status.currentError { return error }
        guard end > now else { return .expired }
        return .unavailable("the AWS credentials expire in \(Int(end.timeIntervalSince(now))) s, too soon for a ticket")
    }

    /// Why there are no credentials.
    private var unavailableError: CredentialError {
        Self.error(of: cache.status) ?? .unavailable("the AWS credentials have not been fetched yet")
    }

    /// The error of the last fetch, or `expired`; nil if there is neither.
    private static func error(of status: CredentialCache.Status) -> CredentialError? {
        status.currentError ?? (status.hasExpired ? .expired : nil)
    }

    /// Whether new credentials should be fetched now.
    package func isDue(at moment: Moment) -> Bool { cache.isDue(at: moment) }

    /// Drops credentials that have expired by uptime, whatever the wall clock shows.
    package func expire(at moment: Moment) { cache.expire(at: moment.uptime) }

    /// Fetches new credentials. If that fails, the old ones stay in use until they expire. Returns at once if a fetch is
    /// running.
    package func refresh(_ clock: @escaping @Sendable () -> Moment) async {
        await cache.refresh(clock, fetch: fetch)
    }

    /// Returns the status for operators.
    package func status(at moment: Moment) -> CredentialsStatus {
        let status = cache.status
        let credentials = status.value?.credentials
        return CredentialsStatus(
            source: source,
            provider: status.value?.provider,
            accessKeySuffix: credentials.map { String(decoding: $0.accessKeyID.utf8.suffix(4), as: UTF8.self) },
            expiration: credentials?.expiration,
            remaining: status.end.map { $0.remaining(at: moment) / .seconds(1) },
            ageSeconds: credentials == nil ? nil : Self.seconds(since: status.fetchedAt, at: moment),
            problem: Self.error(of: status),
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

/// The status of one source of credentials, for `/readyz`, metrics and the command line. Contains no secret.
package struct CredentialsStatus: Sendable {
    package let source: CredentialSource
    /// The provider of the credentials in use, such as `instance metadata`; nil if there are none.
    package let provider: String?
    /// The last four characters of the access key id.
    package let accessKeySuffix: String?
    /// When they expire; nil if there are none or they do not expire.
    package let expiration: Date?
    /// Seconds until they expire, negative after that; nil if they do not.
    package let remaining: Double?
    /// Seconds since they were fetched.
    package let ageSeconds: Double?
    /// Why the last fetch failed; nil if it did not.
    package let problem: CredentialError?
    /// Seconds since it failed.
    package let problemAgeSeconds: Double?
    /// Fetches that succeeded, and that failed, since the start.
    package let successes: Int
    package let failures: Int
    /// Fetches that failed since the last that succeeded.
    package let failuresInARow: Int
}

/// Credentials that are fetched and cached.
typealias CredentialCache = Refreshed<ProvidedCredentials, CredentialError>

extension CredentialCache {
    /// Returns credentials to assume a role with: the cached ones if they are valid for another five minutes, otherwise new ones,
    /// or the cached ones until they expire if that fails. Those that do not expire are read again after a minute, since their
    /// file may have changed.
    func forRoles(_ clock: @escaping Clock, fetch: @escaping Fetch) async throws(CredentialError) -> ProvidedCredentials {
        try await value(lasting: .seconds(300), orYoungerThan: .seconds(60), clock, fetch: fetch)
    }
}

extension RefreshPolicy where Value == ProvidedCredentials, Failure == CredentialError {
    /// When new credentials are fetched.
    /// - Parameters:
    ///   - minimumRemaining: credentials that expire in fewer seconds than this are not used
    ///   - validate: throws if fetched credentials cannot be used
    ///   - publish: called with credentials that come into use, and with nil when they have expired
    static func credentials(
        minimumRemaining: Double = 0,
        validate: @escaping @Sendable (SigningCredentials) throws(CredentialError) -> Void = { _ in },
        publish: @escaping @Sendable (ProvidedCredentials?) -> Void = { _ in }
    ) -> RefreshPolicy {
        RefreshPolicy(
            lifetime: { provided, _, moment throws(CredentialError) in
                try validate(provided.credentials)
                guard let end = provided.credentials.expiration else { return Lifetime(renewal: nil, end: nil) }
                let remaining = end.timeIntervalSince(moment.date)
                guard remaining > 0 else {
                    throw .unavailable(
                        "the credentials from \(provided.provider) have already expired: renew them, or set this machine's clock")
                }
                let deadline = Deadline(uptime: moment.uptime + .seconds(remaining), date: end)
                return Lifetime(
                    renewal: .init(freshUntil: deadline, lead: lead(remaining: remaining, minimumRemaining: minimumRemaining)),
                    end: deadline,
                    minimumRemaining: .seconds(minimumRemaining))
            },
            longestPause: { error, remaining in
                // Without credentials the pause is short, so that tickets are issued soon after the source responds again. After a
                // refusal someone has to change something first.
                max(error?.isOutage ?? true ? .seconds(2) : .seconds(15), (remaining ?? .zero) / 8)
            },
            label: { _ in "failed" },
            publish: publish
        )
    }

    /// Returns how long before their end credentials are renewed: 20 minutes, so that the usual tickets of 5 to 15 minutes are
    /// never cut short, or half of the usable time of shorter ones. If a source returns the same credentials again, as a metadata
    /// service does until it has new ones, they are therefore requested again after half of the remaining time.
    static func lead(remaining: Double, minimumRemaining: Double) -> ClosedRange<Duration> {
        let least = min((remaining + minimumRemaining) / 2, 20 * 60)
        return .seconds(max(least, minimumRemaining))...(.seconds(max(least * 1.1, minimumRemaining)))
    }
}
