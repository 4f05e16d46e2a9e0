// SPDX-License-Identifier: Apache-2.0
import Synchronization
import TenantRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Counts tickets against the rules' `limits`, in this process.
///
/// The generic cell rate algorithm (ITU-T I.371): a user or tenant is one instant, the time at which its bucket would be
/// empty again. So a limit of 60/1m is a burst of 60, then one a second, and never 120 around the turn of a minute.
package final class RateLimiter: Sendable {
    private struct Bucket: Hashable {
        var tenant: String
        var rule: String
        /// Bytes, so that users who differ only in Unicode normalisation have buckets of their own; nil for the tenant's.
        var user: [UInt8]?
    }

    private let emptyAt = Mutex<[Bucket: Double]>([:])
    private let capacity: Int

    /// - Parameter capacity: the most users remembered at once; those whose bucket is empty again are forgotten first
    package init(capacity: Int = 100_000) {
        self.capacity = capacity
    }

    /// Takes one ticket's worth.
    /// - Throws: `rate-limited` with the seconds after which the next ticket is free
    func admit(_ uploader: Uploader, rule: UploadRule, at now: Date) throws(Problem) {
        if let limit = rule.limits.perUser, let user = uploader.user {
            try take(Bucket(tenant: uploader.tenant, rule: rule.name, user: Array(user.utf8)), limit, now)
        }
        if let limit = rule.limits.perTenant {
            try take(Bucket(tenant: uploader.tenant, rule: rule.name, user: nil), limit, now)
        }
    }

    private func take(_ bucket: Bucket, _ limit: RateLimit, _ now: Date) throws(Problem) {
        let now = now.timeIntervalSince1970
        let interval = Double(limit.seconds) / Double(limit.count)
        let burst = interval * Double(limit.count - 1)
        let wait = emptyAt.withLock { emptyAt -> Double in
            let until = max(emptyAt[bucket] ?? now, now)
            let early = until - now - burst
            // A clock that was set back must not lock anyone out for longer than the window.
            if early > 1e-6, until - now <= Double(limit.seconds) + interval { return early }
            if emptyAt.count >= capacity, emptyAt[bucket] == nil { forget(&emptyAt, at: now) }
            emptyAt[bucket] = min(until, now + burst) + interval
            return 0
        }
        guard wait > 0 else { return }
        let seconds = max(1, Int(wait.rounded(.up)))
        throw Problem(
            .rateLimited,
            detail: "The limit of \(limit.count) tickets in \(limit.seconds) s is reached: try again in \(seconds) s.",
            retryAfter: seconds
        )
    }

    private func forget(_ emptyAt: inout [Bucket: Double], at now: Double) {
        emptyAt = emptyAt.filter { $0.value > now }
        // All of them busy: forgetting everyone is better than growing without end or refusing strangers.
        if emptyAt.count >= capacity { emptyAt.removeAll(keepingCapacity: true) }
    }
}
