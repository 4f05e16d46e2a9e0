// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The service's counters. Each label comes from a closed set or from the rule files, never from a client.
package final class ServiceMetrics: Sendable {
    struct RequestLabel: Hashable {
        var route: RequestRoute
        var status: Int
    }

    struct TicketLabel: Hashable {
        var tenant: String
        var rule: String
    }

    struct Counts {
        var requests: [RequestLabel: Int] = [:]
        var durations: [RequestRoute: DurationHistogram] = [:]
        var tickets: [TicketLabel: Int] = [:]
        var problems: [ProblemCode: Int] = [:]
        var authenticationFailures: [String: Int] = [:]
        var connectionsOpen = 0
        var connectionsTotal = 0
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// A request was answered: its route, status and duration in seconds.
    func answered(_ route: RequestRoute, status: Int, seconds: Double) {
        counts.withLock {
            $0.requests[RequestLabel(route: route, status: status), default: 0] += 1
            $0.durations[route, default: DurationHistogram()].record(seconds)
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

    func connectionOpened() {
        counts.withLock {
            $0.connectionsOpen += 1
            $0.connectionsTotal += 1
        }
    }

    func connectionClosed() {
        counts.withLock { $0.connectionsOpen -= 1 }
    }

    /// A consistent copy of all counters.
    func snapshot() -> Counts {
        counts.withLock { $0 }
    }
}
