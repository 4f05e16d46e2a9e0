// SPDX-License-Identifier: Apache-2.0

package import OutgoingHTTP
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The clocks that the service uses; tests pass their own.
package struct ServiceClock: Sendable {
    /// The wall clock, which may jump.
    package let now: @Sendable () -> Date
    /// The time of a monotonic clock, since an arbitrary start: for ages, pauses and timeouts.
    package let uptime: @Sendable () -> Duration

    package init(now: @escaping @Sendable () -> Date, uptime: @escaping @Sendable () -> Duration) {
        self.now = now
        self.uptime = uptime
    }

    /// The current time of both clocks.
    package func moment() -> Moment { Moment(date: now(), uptime: uptime()) }

    package static let system = {
        let start = ContinuousClock.now
        return ServiceClock(now: { Date() }, uptime: { ContinuousClock.now - start })
    }()
}

// MARK: Plausible dates

extension ServiceClock {
    /// A day before the date of this version, since clocks may be a little slow. With an earlier date, expired tokens would be
    /// valid again.
    static let earliestDate = PosternVersion.date.timeIntervalSince1970 - 86_400
    /// The last second that a policy can express, in the year 9999, minus the longest lifetime of a ticket, seven days.
    static let latestDate = CivilTime.latest.timeIntervalSince1970 - PolicySigner.maximumLifetime

    /// Describes to the operator what is wrong with the date `now`; nil if it is plausible.
    static func problem(of now: Date) -> String? {
        let seconds = now.timeIntervalSince1970
        if seconds < earliestDate {
            return "the clock says \(now.rfc3339), which is before this version was made "
                + "(\(PosternVersion.date.rfc3339)): set the clock"
        }
        if seconds > latestDate {
            return "the clock says \(now.rfc3339) or later, and no ticket can end after the year 9999: "
                + "set the clock"
        }
        return nil
    }

    /// - Throws: `clock-implausible`
    static func check(_ now: Date) throws(ProblemDetails) {
        guard problem(of: now) != nil else { return }
        throw ProblemDetails(
            .clockImplausible, detail: "The clock of this service is wrong: ask its operator to set it.", retryAfter: 60)
    }
}
