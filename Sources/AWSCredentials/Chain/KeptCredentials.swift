// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP

/// The credentials that roles are assumed with: fetched when a role needs them, once for all roles that do at the same time, and
/// kept for the next.
final class KeptCredentials: Sendable {
    typealias Fetch = @Sendable (CredentialRound) async throws(CredentialError) -> ProvidedCredentials

    private let clock: @Sendable () -> Moment
    private let fetch: Fetch
    private let refreshed = RefreshedCredentials(.credentials())

    /// How long before their end credentials are renewed.
    private static let margin: Duration = .seconds(300)
    /// How long those without an end are kept: they may be changed where they are written.
    private static let pause: Duration = .seconds(60)

    init(clock: @escaping @Sendable () -> Moment, fetch: @escaping Fetch) {
        self.clock = clock
        self.fetch = fetch
    }

    /// Fetches anew, or waits for the fetch that is under way.
    func refresh(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials {
        try await refreshed.fetched(clock) { [fetch] () async throws(CredentialError) in try await fetch(round) }
    }

    /// The kept ones where they live long enough, or else new ones; the kept ones to their end where no new ones are given.
    func current(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials {
        try await refreshed.value(lasting: Self.margin, orYoungerThan: Self.pause, clock) {
            [fetch] () async throws(CredentialError) in try await fetch(round)
        }
    }
}
