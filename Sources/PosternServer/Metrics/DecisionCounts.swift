// SPDX-License-Identifier: Apache-2.0

import Synchronization
import UploadRules

/// Tickets and refusals, such as those of one minute.
struct DecisionSum: Sendable, Equatable {
    var tickets = 0
    var refusals: [ProblemCode: Int] = [:]

    /// The number of all refusals.
    var refused: Int { refusals.values.reduce(0, +) }

    var isEmpty: Bool { tickets == 0 && refusals.isEmpty }

    mutating func add(_ other: DecisionSum) {
        tickets += other.tickets
        refusals.merge(other.refusals, uniquingKeysWith: +)
    }
}

/// The decisions about one tenant's requests for tickets, by rule. They outlive a change of the rules, so that a counter never
/// decreases.
final class DecisionCounts: Sendable {
    /// The counts of one rule since the start.
    struct OfRule: Sendable, Equatable {
        /// Empty for requests that were refused before there was a rule, such as those that name a rule that does not exist.
        let rule: String
        var tickets = 0
        /// The sum of the largest size of each ticket. A `Double`, as Prometheus reads it: an integer would overflow after two
        /// billion tickets of 5 GiB.
        var authorisedBytes = 0.0
        var refusals: [ProblemCode: Int] = [:]
    }

    private struct State {
        /// In the order of the rules' first decisions.
        var rules: [OfRule] = []
        /// What was counted since the last ``takeRecent()``.
        var recent = DecisionSum()

        mutating func index(of rule: String) -> Int {
            // Few rules: a dictionary would have to hash the name.
            if let index = rules.firstIndex(where: { $0.rule == rule }) { return index }
            rules.append(OfRule(rule: rule))
            return rules.endIndex - 1
        }
    }

    private let state = Mutex(State())

    /// Counts a ticket.
    /// - Parameters:
    ///   - rule: the name of a rule, which is ASCII
    ///   - maximumBytes: the largest file that the ticket allows
    func addTicket(of rule: String, maximumBytes: Int) {
        state.withLock { state in
            let index = state.index(of: rule)
            state.rules[index].tickets += 1
            state.rules[index].authorisedBytes += Double(maximumBytes)
            state.recent.tickets += 1
        }
    }

    /// Counts a refusal.
    /// - Parameter rule: the name of a rule of the tenant; empty if there is none
    func addRefusal(_ code: ProblemCode, of rule: String) {
        state.withLock { state in
            let index = state.index(of: rule)
            state.rules[index].refusals[code, default: 0] += 1
            state.recent.refusals[code, default: 0] += 1
        }
    }

    /// The counts since the start, in the order of the rules' first decisions.
    var byRule: [OfRule] { state.withLock { $0.rules } }

    /// Returns what was counted since the last call; nil if it is nothing. Only ``RecentDecisions`` calls it.
    func takeRecent() -> DecisionSum? {
        state.withLock { state in
            guard !state.recent.isEmpty else { return nil }
            defer { state.recent = DecisionSum() }
            return state.recent
        }
    }
}
