// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The service's counters. Each label is from a closed set, never from a client. ``ServedTenant`` counts the decisions of
/// each tenant.
package final class ServiceMetrics: Sendable {
    /// The requests with one label.
    struct Requests {
        var statuses: [Int: Int] = [:]
        var durations = DurationHistogram()
    }

    struct Counts {
        /// By the index of the label.
        fileprivate var byLabel = Array(repeating: Requests(), count: RequestLabel.allCases.count)
        var problems: [ProblemCode: Int] = [:]
        var authenticationFailures: [String: Int] = [:]
        fileprivate var batchTickets = 0

        /// All tickets, and all problems in responses.
        var decisions: DecisionSum {
            // Each response with status 201 has one ticket.
            let alone = byLabel[RequestLabel.route(.tickets).index].statuses[201, default: 0]
            return DecisionSum(tickets: alone + batchTickets, refusals: problems)
        }

        var requests: some Sequence<(RequestLabel, Requests)> { zip(RequestLabel.allCases, byLabel) }
    }

    private let counts = Mutex(Counts())

    package init() {}

    /// - Parameter seconds: from the head of the request to its response
    func countResponse(_ label: RequestLabel, status: Int, seconds: Double) {
        counts.withLock {
            $0.byLabel[label.index].statuses[status, default: 0] += 1
            $0.byLabel[label.index].durations.record(seconds)
        }
    }

    /// Counts the tickets of one batch.
    func countBatchTickets(_ count: Int) {
        counts.withLock { $0.batchTickets += count }
    }

    func countProblem(_ code: ProblemCode) {
        counts.withLock { $0.problems[code, default: 0] += 1 }
    }

    /// - Parameter reason: the `reason` of an `AuthenticationError`
    func countAuthenticationFailure(_ reason: String) {
        counts.withLock { $0.authenticationFailures[reason, default: 0] += 1 }
    }

    /// A consistent copy of all counters.
    func snapshot() -> Counts {
        counts.withLock { $0 }
    }
}

/// Durations, in buckets.
struct DurationHistogram {
    /// The bounds for requests.
    static let requestBounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]

    /// The buckets' upper bounds, in seconds; the last bucket has none.
    let bounds: [Double]
    private(set) var buckets: [Int]
    private(set) var sum = 0.0

    init(bounds: [Double] = DurationHistogram.requestBounds) {
        self.bounds = bounds
        buckets = Array(repeating: 0, count: bounds.count + 1)
    }

    var count: Int { buckets.reduce(0, +) }

    mutating func record(_ seconds: Double) {
        sum += seconds
        buckets[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
    }

    /// - Parameter other: a histogram with the same bounds
    mutating func add(_ other: DurationHistogram) {
        sum += other.sum
        for index in buckets.indices { buckets[index] += other.buckets[index] }
    }
}
