// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import ServiceLifecycle
import Synchronization
import UploadRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The decisions of the last hour, minute by minute, for people; counters are for Prometheus.
///
/// It samples the counters: once a minute by ``DecisionSampler``, and whenever it is read. A decision is in the minute in which
/// it was made, or, where a sample was late, in the one before.
final class RecentDecisions: Sendable {
    /// The decisions of one minute.
    struct Minute: Sendable {
        /// When the minute began, by the wall clock as it is now.
        let start: Date
        /// The tickets of all tenants, and all problems in responses: also those of callers who were not authenticated, and those
        /// of tenants that have been removed since.
        var total = DecisionSum()
        /// By the ids of tenants that had decisions, at most ``maximumTenants``. A refusal is a refused request for a ticket, or a
        /// refused entry of a batch, of a caller who was authenticated.
        var tenants: [String: DecisionSum] = [:]
        /// The sum of the tenants that had decisions and are not in ``tenants``.
        var others = DecisionSum()
    }

    /// The number of minutes that are kept, with the current one.
    static let maximumMinutes = 60
    /// The number of tenants that are kept for each minute; in all, 30,000.
    static let maximumTenants = 500

    private static let minute = Duration.seconds(60)

    private struct State {
        /// The minutes since the first one that is kept, without gaps; never empty. Their dates are not used.
        var lastHour = [Minute(start: .distantPast)]
        /// The number of the last of them, counted by the uptime.
        var last: Int
        /// The total of all tickets and problems at the last sample.
        var counted = DecisionSum()

        /// Continues the minutes up to this one.
        mutating func move(to minute: Int) {
            guard minute > last else { return }
            let missing = min(minute - last, RecentDecisions.maximumMinutes)
            lastHour += Array(repeating: Minute(start: .distantPast), count: missing)
            lastHour.removeFirst(max(0, lastHour.count - RecentDecisions.maximumMinutes))
            last = minute
        }
    }

    private let metrics: ServiceMetrics
    private let tenants: @Sendable () -> [ServedTenant]
    private let clock: ServiceClock
    private let state: Mutex<State>

    /// - Parameters:
    ///   - metrics: the counters of all tickets and problems
    ///   - tenants: the tenants that are served now
    init(metrics: ServiceMetrics, tenants: @escaping @Sendable () -> [ServedTenant], clock: ServiceClock) {
        self.metrics = metrics
        self.tenants = tenants
        self.clock = clock
        state = Mutex(State(last: Self.number(clock.uptime())))
    }

    /// The last hour, or the time since the start if that is less: the oldest minute first, and last the current one, which is not
    /// over. Takes a few milliseconds if there are a hundred thousand tenants.
    var lastHour: [Minute] {
        let moment = clock.moment()
        return state.withLock { state in
            sample(&state, at: moment.uptime)
            return state.lastHour.enumerated().map { index, minute in
                let number = state.last - (state.lastHour.count - 1 - index)
                let age = moment.uptime - Self.minute * number
                var dated = Minute(start: moment.date - age / .seconds(1))
                (dated.total, dated.tenants, dated.others) = (minute.total, minute.tenants, minute.others)
                return dated
            }
        }
    }

    /// Adds what was decided since the last sample.
    func sample() {
        let uptime = clock.uptime()
        state.withLock { sample(&$0, at: uptime) }
    }

    /// The time until the next minute begins.
    var timeToNextMinute: Duration {
        let uptime = clock.uptime()
        return Self.minute * (Self.number(uptime) + 1) - uptime
    }

    private static func number(_ uptime: Duration) -> Int {
        Int((uptime / minute).rounded(.down))
    }

    private func sample(_ state: inout State, at uptime: Duration) {
        let counted = metrics.snapshot().decisions
        let changes = tenants().compactMap { served in
            served.takeRecentDecisions().map { (tenant: served.tenant.id, decisions: $0) }
        }
        // What was decided since the last sample is in the minute of that sample: the minute which has just ended, if the sampler
        // is on time.
        state.lastHour[state.lastHour.count - 1].add(changes, total: counted.since(state.counted))
        state.counted = counted
        state.move(to: Self.number(uptime))
    }
}

extension RecentDecisions.Minute {
    fileprivate mutating func add(_ changes: [(tenant: String, decisions: DecisionSum)], total change: DecisionSum) {
        total.add(change)
        var changes = changes
        if changes.count > RecentDecisions.maximumTenants - tenants.count {
            // Those with the most decisions are kept.
            changes.sort { $0.decisions.tickets + $0.decisions.refused > $1.decisions.tickets + $1.decisions.refused }
        }
        for (tenant, decisions) in changes {
            if tenants[tenant] != nil || tenants.count < RecentDecisions.maximumTenants {
                tenants[tenant, default: DecisionSum()].add(decisions)
            } else {
                others.add(decisions)
            }
        }
    }
}

extension DecisionSum {
    /// The difference to an earlier count of the same counters.
    fileprivate func since(_ earlier: DecisionSum) -> DecisionSum {
        var change = DecisionSum(tickets: tickets - earlier.tickets)
        for (code, count) in refusals {
            let more = count - earlier.refusals[code, default: 0]
            if more > 0 { change.refusals[code] = more }
        }
        return change
    }
}

/// Samples ``RecentDecisions`` once a minute.
struct DecisionSampler: Service, CustomStringConvertible {
    let recent: RecentDecisions
    var sleep: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    let description = "counts of the last hour"

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await sleep(recent.timeToNextMinute)
                recent.sample()
            }
        }
    }
}
