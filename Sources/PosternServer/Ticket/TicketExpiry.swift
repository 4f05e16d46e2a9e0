// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// When a ticket ends: the rule's time, cut short where the credentials end first.
///
/// A store refuses a form whose session has ended whatever the policy says, so a later `expiresAt` would be a lie.
struct TicketExpiry {
    /// Seconds before the end of the credentials at which their tickets end.
    static let margin = 60.0
    /// Tickets that would live for fewer seconds than this are not made.
    static let shortest = 30.0

    /// The end, in whole seconds.
    let instant: Date

    /// - Throws: `credentials-unavailable` where too little is left of the credentials
    init(ruleSeconds: Int, credentials: SigningCredentials, at now: Date) throws(ProblemDetails) {
        let wanted = now.timeIntervalSince1970 + Double(ruleSeconds)
        guard let end = credentials.expiration?.timeIntervalSince1970 else {
            instant = Date(timeIntervalSince1970: wanted.rounded(.down))
            return
        }
        let possible = min(wanted, end - Self.margin)
        guard possible >= wanted || possible - now.timeIntervalSince1970 >= Self.shortest else {
            throw ProblemDetails(
                .credentialsUnavailable, detail: "The credentials to sign with are about to end and are being renewed.",
                retryAfter: 5)
        }
        instant = Date(timeIntervalSince1970: possible.rounded(.down))
    }
}
