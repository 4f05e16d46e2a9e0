// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The service's counters. Each label comes from a closed set, never from a client. Tickets are counted at ``ServedTenant``.
package final class ServiceMetrics: Sendable {
    /// The requests with one label.
    struct Requests {
        var statuses: [Int: Int] = [:]
        var durations = DurationHistogram()
    }

    struct Counts {
        /// By the place of the label.
        fileprivate var byLabel = Array(repeating: Requests(), count: RequestLabel.allCases.count)
        var problems: [ProblemCode: Int] = [:]
        var authenticationFailures: [String: Int] = [:]

        /// Every label with its requests.
        var requests: some Sequence<(RequestLabel, Requests)> { zip(RequestLabel.allCases, byLabel) }
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// A request was answered: its route, status and duration in seconds.
    func answered(_ label: RequestLabel, status: Int, seconds: Double) {
        counts.withLock {
            $0.byLabel[label.place].statuses[status, default: 0] += 1
            $0.byLabel[label.place].durations.record(seconds)
        }
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
