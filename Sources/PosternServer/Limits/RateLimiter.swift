// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Counts tickets against the `limits` of one tenant's rules, in this process. Each tenant has its own limiter, so that many users
/// of one tenant do not displace those of another.
///
/// It uses the generic cell rate algorithm (ITU-T I.371): for each user or tenant it stores only the time at which the bucket
/// will be empty again. A limit of 60/1m allows a burst of 60, then one a second, and never 120 around the turn of a minute.
package final class RateLimiter: Sendable {
    private struct State {
        /// By rule. There are no more entries than rules: see ``forgetRules(except:)``.
        var rules: [String: Double] = [:]
        var callers: [CallerBucket: Double] = [:]
    }

    private struct CallerBucket: Hashable {
        var rule: String
        /// Compared by bytes: users who differ only in Unicode normalisation are different users.
        var caller: ExactString
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// - Parameter capacity: the maximum number of users to remember
    package init(capacity: Int = 20_000) {
        self.capacity = capacity
    }

    /// The number of users remembered; a user of two rules counts twice.
    var rememberedUsers: Int {
        state.withLock { $0.callers.count }
    }

    /// Forgets the counts of rules that are gone.
    func forgetRules(except names: [String]) {
        let names = Set(names)
        state.withLock { state in
            state.rules = state.rules.filter { names.contains($0.key) }
            state.callers = state.callers.filter { names.contains($0.key.rule) }
        }
    }

    /// Counts one ticket against both limits of the rule, or against neither.
    /// - Parameters:
    ///   - rule: the rule with its limits
    ///   - caller: the user, or the API key of a request that names no user
    ///   - now: the time of the request
    /// - Throws: `rate-limited` with the seconds until the next ticket
    func admit(_ rule: UploadRule, caller: String, at now: Date) throws(ProblemDetails) {
        try evaluate(rule, caller: caller, at: now, counts: true)
    }

    /// Checks both limits without counting a ticket. ``admit`` may still refuse a request that passes.
    /// - Throws: `rate-limited`, as ``admit``
    func check(_ rule: UploadRule, caller: String, at now: Date) throws(ProblemDetails) {
        try evaluate(rule, caller: caller, at: now, counts: false)
    }

    /// Takes back a ticket that was counted and is not sent.
    func takeBack(_ rule: UploadRule, caller: String) {
        state.withLock { state in
            if let limit = rule.limits.perUser {
                let own = CallerBucket(rule: rule.name, caller: ExactString(caller))
                if let emptyAt = state.callers[own] { state.callers[own] = emptyAt - Self.interval(limit) }
            }
            if let limit = rule.limits.perTenant, let emptyAt = state.rules[rule.name] {
                state.rules[rule.name] = emptyAt - Self.interval(limit)
            }
        }
    }

    /// Seconds after which a full bucket has room for one more ticket.
    private static func interval(_ limit: RateLimit) -> Double {
        Double(limit.seconds) / Double(limit.count)
    }

    private func evaluate(_ rule: UploadRule, caller: String, at now: Date, counts: Bool) throws(ProblemDetails) {
        guard rule.limits.perUser != nil || rule.limits.perTenant != nil else { return }
        let now = now.timeIntervalSince1970
        let own = CallerBucket(rule: rule.name, caller: ExactString(caller))
        let refusal = state.withLock { state -> (limit: RateLimit, wait: Double)? in
            let emptyAt = (own: state.callers[own], whole: state.rules[rule.name])
            let (perUser, perTenant) = (rule.limits.perUser, rule.limits.perTenant)
            if let limit = perUser, let wait = Self.wait(limit, emptyAt.own, now) { return (limit, wait) }
            if let limit = perTenant, let wait = Self.wait(limit, emptyAt.whole, now) { return (limit, wait) }
            guard counts else { return nil }
            if let limit = perUser {
                if emptyAt.own == nil { makeRoom(in: &state.callers, at: now) }
                state.callers[own] = Self.emptyTime(limit, emptyAt.own, now)
            }
            if let limit = perTenant { state.rules[rule.name] = Self.emptyTime(limit, emptyAt.whole, now) }
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

    /// Seconds until the next ticket; nil if one is allowed now.
    private static func wait(_ limit: RateLimit, _ emptyAt: Double?, _ now: Double) -> Double? {
        let interval = interval(limit)
        let ahead = max(emptyAt ?? now, now) - now
        let early = ahead - interval * Double(limit.count - 1)
        // After the clock was set back, no caller is refused for longer than the window.
        return early > 1e-6 && ahead <= Double(limit.seconds) + interval ? early : nil
    }

    /// The time at which the bucket is empty again after one more ticket.
    private static func emptyTime(_ limit: RateLimit, _ emptyAt: Double?, _ now: Double) -> Double {
        let interval = interval(limit)
        return min(max(emptyAt ?? now, now), now + interval * Double(limit.count - 1)) + interval
    }

    /// Removes users whose bucket is empty again. If there are none, it removes those who have used the least, so that users at the
    /// limit stay.
    private func makeRoom(in callers: inout [CallerBucket: Double], at now: Double) {
        guard callers.count >= capacity else { return }
        callers = callers.filter { $0.value > now }
        guard callers.count >= capacity else { return }
        let kept = callers.sorted { $0.value > $1.value }.prefix(capacity - max(1, capacity / 10))
        callers = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
    }
}
