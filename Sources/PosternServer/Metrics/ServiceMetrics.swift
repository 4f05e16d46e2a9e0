// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The service's counters. Each label comes from a closed set or from the rule files, never from a client.
package final class ServiceMetrics: Sendable {
    struct StatusLabel: Hashable {
        var label: RequestLabel
        var status: Int
    }

    struct TicketLabel: Hashable {
        var tenant: String
        var rule: String
    }

    struct Counts {
        var requests: [StatusLabel: Int] = [:]
        var durations: [RequestLabel: DurationHistogram] = [:]
        var tickets: [TicketLabel: Int] = [:]
        var problems: [ProblemCode: Int] = [:]
        var authenticationFailures: [String: Int] = [:]
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// A request was answered: its route, status and duration in seconds.
    func answered(_ label: RequestLabel, status: Int, seconds: Double) {
        counts.withLock {
            $0.requests[StatusLabel(label: label, status: status), default: 0] += 1
            $0.durations[label, default: DurationHistogram()].record(seconds)
        }
    }

    /// A ticket was issued.
    func issued(tenant: String, rule: String) {
        counts.withLock { $0.tickets[TicketLabel(tenant: tenant, rule: rule), default: 0] += 1 }
    }

    /// A problem was answered.
    func answered(_ code: ProblemCode) {
        counts.withLock { $0.problems[code, default: 0] += 1 }
    }

    /// A token or API key was refused; `reason` is one of UserAuth's fixed words.
    func authenticationFailed(_ reason: String) {
        counts.withLock { $0.authenticationFailures[reason, default: 0] += 1 }
    }

    /// A consistent copy of all counters.
    func snapshot() -> Counts {
        counts.withLock { $0 }
    }
}
