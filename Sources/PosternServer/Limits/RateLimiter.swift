// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Counts tickets against the `limits` of one tenant's rules, in this process. A tenant has its own, so that no tenant's crowd
/// pushes another's users out.
///
/// The generic cell rate algorithm (ITU-T I.371): a user or tenant is one instant, the time at which its bucket would be
/// empty again. So a limit of 60/1m is a burst of 60, then one a second, and never 120 around the turn of a minute.
package final class RateLimiter: Sendable {
    private struct State {
        /// By rule: as many as the rule file has, so never forgotten.
        var rules: [String: Double] = [:]
        var askers: [AskerBucket: Double] = [:]
    }

    private struct AskerBucket: Hashable {
        var rule: String
        /// Users who differ only in Unicode normalisation have buckets of their own.
        var asker: ExactString
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: the most users remembered at once
    package init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    /// How many users are remembered; a user of two rules counts twice.
    var rememberedUsers: Int {
        state.withLock { $0.askers.count }
    }

    /// Takes one ticket's worth from both limits of the rule, or from neither.
    /// - Parameters:
    ///   - rule: the rule with its limits
    ///   - asker: the user, or the API key that named none
    ///   - now: the instant of the request
    /// - Throws: `rate-limited` with the seconds after which the next ticket is free
    func admit(_ rule: UploadRule, asker: String, at now: Date) throws(ProblemDetails) {
        try judge(rule, asker: asker, at: now, takes: true)
    }

    /// Refuses a request that is over a limit, without counting it. One that passes may still be refused by ``admit``.
    /// - Throws: `rate-limited`, as ``admit``
    func check(_ rule: UploadRule, asker: String, at now: Date) throws(ProblemDetails) {
        try judge(rule, asker: asker, at: now, takes: false)
    }

    private func judge(_ rule: UploadRule, asker: String, at now: Date, takes: Bool) throws(ProblemDetails) {
        guard rule.limits.perUser != nil || rule.limits.perTenant != nil else { return }
        let now = now.timeIntervalSince1970
        let own = AskerBucket(rule: rule.name, asker: ExactString(asker))
        let refusal = state.withLock { state -> (limit: RateLimit, wait: Double)? in
            let used = (own: state.askers[own], whole: state.rules[rule.name])
            let (perUser, perTenant) = (rule.limits.perUser, rule.limits.perTenant)
            if let limit = perUser, let wait = Self.wait(limit, used.own, now) { return (limit, wait) }
            if let limit = perTenant, let wait = Self.wait(limit, used.whole, now) { return (limit, wait) }
            guard takes else { return nil }
            if let limit = perUser {
                if used.own == nil { makeRoom(in: &state.askers, at: now) }
                state.askers[own] = Self.charged(limit, used.own, now)
            }
            if let limit = perTenant { state.rules[rule.name] = Self.charged(limit, used.whole, now) }
            return nil
        }
        guard let refusal else { return }
        let seconds = max(1, Int(refusal.wait.rounded(.up)))
        throw ProblemDetails(
            .rateLimited,
            detail: "The limit of \(refusal.limit.count) tickets in \(refusal.limit.seconds) s is reached: "
                + "try again in \(seconds) s.",
            retryAfter: seconds
        )
    }

    /// Seconds until a ticket is free; nil where one is.
    private static func wait(_ limit: RateLimit, _ emptyAt: Double?, _ now: Double) -> Double? {
        let interval = Double(limit.seconds) / Double(limit.count)
        let ahead = max(emptyAt ?? now, now) - now
        let early = ahead - interval * Double(limit.count - 1)
        // A clock that was set back must not lock anyone out for longer than the window.
        return early > 1e-6 && ahead <= Double(limit.seconds) + interval ? early : nil
    }

    /// When the bucket is empty again after one more ticket.
    private static func charged(_ limit: RateLimit, _ emptyAt: Double?, _ now: Double) -> Double {
        let interval = Double(limit.seconds) / Double(limit.count)
        return min(max(emptyAt ?? now, now), now + interval * Double(limit.count - 1)) + interval
    }

    /// Forgets users whose bucket is empty again; where there are none, those who have used the least, so that a user at the limit
    /// is not forgotten.
    private func makeRoom(in askers: inout [AskerBucket: Double], at now: Double) {
        guard askers.count >= capacity else { return }
        askers = askers.filter { $0.value > now }
        guard askers.count >= capacity else { return }
        let kept = askers.sorted { $0.value > $1.value }.prefix(capacity - max(1, capacity / 10))
        askers = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
