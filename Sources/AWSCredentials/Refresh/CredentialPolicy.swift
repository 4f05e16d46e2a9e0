// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials of one origin that are fetched and kept.
typealias RefreshedCredentials = Refreshed<ProvidedCredentials, CredentialError>

extension RefreshPolicy where Value == ProvidedCredentials, Failure == CredentialError {
    /// When credentials are fetched anew.
    /// - Parameters:
    ///   - minimumRemaining: credentials with fewer seconds than this to their end are not used
    ///   - publish: called with those that come into use, and with nil when they have ended
    static func credentials(
        minimumRemaining: Double = 0, publish: @escaping @Sendable (ProvidedCredentials?) -> Void = { _ in }
    ) -> RefreshPolicy {
        RefreshPolicy(
            life: { provided, _, moment throws(CredentialError) in
                guard let end = provided.credentials.expiration else { return Life(renewal: nil, end: nil) }
                let remaining = end.timeIntervalSince(moment.date)
                guard remaining > 0 else {
                    throw .unavailable(
                        "\(provided.provider) gave credentials that have already ended: renew them, or set this machine's clock")
                }
                let deadline = Deadline(uptime: moment.uptime + .seconds(remaining), date: end)
                return Life(
                    renewal: .init(freshUntil: deadline, lead: lead(remaining: remaining, minimumRemaining: minimumRemaining)),
                    end: deadline,
                    minimumRemaining: .seconds(minimumRemaining))
            },
            longestPause: { problem, remaining in
                // Every second without credentials counts: then the pause is short, so that a source that is back is found.
                // Where one said no, somebody must change something first.
                max(problem?.isOutage ?? true ? .seconds(2) : .seconds(15), (remaining ?? .zero) / 8)
            },
            label: { _ in "failed" },
            publish: publish
        )
    }

    /// How long before their end credentials are renewed: 20 minutes, so that the usual tickets of 5 to 15 minutes are never
    /// cut short, or half of the time for which a shorter life is of use. The same credentials again (a metadata service hands
    /// out the old ones until it has new) are thereby asked for at half of what is left, again and again.
    static func lead(remaining: Double, minimumRemaining: Double) -> ClosedRange<Duration> {
        let least = min((remaining + minimumRemaining) / 2, 20 * 60)
        return .seconds(max(least, minimumRemaining))...(.seconds(max(least * 1.1, minimumRemaining)))
    }
}
