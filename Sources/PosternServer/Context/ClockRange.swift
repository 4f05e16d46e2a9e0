// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The dates at which tickets are given. By a clock that was set back, tokens that have ended would be valid again, and a
/// date beyond the year 9999 cannot be written into a policy.
enum ClockRange {
    /// A day before the date of this version: no clock that is right says less. The day is for clocks that are a little slow.
    static let earliest = PosternVersion.date.timeIntervalSince1970 - 86_400
    /// Seven days, the longest life of a ticket, before the last second that a policy can name.
    static let latest = CivilTime.latest.timeIntervalSince1970 - PolicySigner.maximumLifetime

    /// What is wrong with a clock that says `now`, for the operator; nil where nothing is.
    static func problem(of now: Date) -> String? {
        let seconds = now.timeIntervalSince1970
        if seconds < earliest {
            return "the clock says \(now.rfc3339), which is before this version was made "
                + "(\(PosternVersion.date.rfc3339)): set the clock"
        }
        if seconds > latest {
            return "the clock says \(now.rfc3339) or later, and no ticket can end after the year 9999: "
                + "set the clock"
        }
        return nil
    }

    /// Refuses to judge by a clock that cannot be right.
    /// - Throws: `clock-implausible`
    static func check(_ now: Date) throws(ProblemDetails) {
        guard problem(of: now) != nil else { return }
        throw ProblemDetails(
            .clockImplausible, detail: "The clock of this service cannot be right: its operator must set it.", retryAfter: 60)
    }
}
