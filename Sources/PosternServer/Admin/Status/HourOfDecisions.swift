// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The decisions of the last 60 minutes as the status page shows them: by minute in total, by code, and by tenant.
struct HourOfDecisions {
    /// The most tenants that are shown.
    private static let maximumTenants = 10
    /// How many of them are those with the most refusals; the others are those with the most decisions.
    private static let maximumRefusedTenants = 5

    private typealias Counts = [Int]

    private let start: Date
    private let tickets: Counts
    private let refusals: Counts
    private let codes: [(code: ProblemCode, counts: Counts)]
    private let tenants: [(tenant: String, tickets: Counts, refusals: Counts)]
    /// The other tenants together; nil if there are none.
    private let others: (tickets: Counts, refusals: Counts)?

    /// - Parameter minutes: the current one last; fewer if the service has not run for an hour
    init(_ minutes: [RecentDecisions.Minute]) {
        let length = RecentDecisions.maximumMinutes
        let offset = length - minutes.count
        let empty = Counts(repeating: 0, count: length)
        var (tickets, refusals, codes) = (empty, empty, [ProblemCode: Counts]())
        var sums: [String: (tickets: Int, refusals: Int)] = [:]
        for (index, minute) in zip(offset..., minutes) {
            tickets[index] = minute.total.tickets
            refusals[index] = minute.total.refused
            for (code, count) in minute.total.refusals { codes[code, default: empty][index] = count }
            for (tenant, decisions) in minute.tenants {
                let sum = sums[tenant] ?? (0, 0)
                sums[tenant] = (sum.tickets + decisions.tickets, sum.refusals + decisions.refused)
            }
        }
        start = (minutes.last?.start ?? Date(timeIntervalSince1970: 0)) - Double(60 * (length - 1))
        (self.tickets, self.refusals) = (tickets, refusals)
        self.codes = codes.map { (code: $0.key, counts: $0.value) }.sorted { left, right in
            let (leftSum, rightSum) = (left.counts.reduce(0, +), right.counts.reduce(0, +))
            return leftSum != rightSum ? leftSum > rightSum : left.code.rawValue < right.code.rawValue
        }
        let shown = Self.choose(from: sums)
        var byTenant = shown.map { (tenant: $0, tickets: empty, refusals: empty) }
        var (otherTickets, otherRefusals) = (empty, empty)
        for (index, minute) in zip(offset..., minutes) {
            var rest = (tickets: minute.others.tickets, refusals: minute.others.refused)
            for decisions in minute.tenants.values {
                rest.tickets += decisions.tickets
                rest.refusals += decisions.refused
            }
            for place in byTenant.indices {
                guard let decisions = minute.tenants[byTenant[place].tenant] else { continue }
                byTenant[place].tickets[index] = decisions.tickets
                byTenant[place].refusals[index] = decisions.refused
                rest.tickets -= decisions.tickets
                rest.refusals -= decisions.refused
            }
            (otherTickets[index], otherRefusals[index]) = rest
        }
        tenants = byTenant
        others = otherTickets == empty && otherRefusals == empty ? nil : (tickets: otherTickets, refusals: otherRefusals)
    }

    /// The tenants with the most refusals, and those with the most decisions, in the order of their decisions.
    private static func choose(from sums: [String: (tickets: Int, refusals: Int)]) -> [String] {
        func all(_ sum: (tickets: Int, refusals: Int)) -> Int { sum.tickets + sum.refusals }
        let byAll = sums.sorted { left, right in
            all(left.value) != all(right.value) ? all(left.value) > all(right.value) : left.key < right.key
        }
        let refused = byAll.filter { $0.value.refusals > 0 }.sorted { $0.value.refusals > $1.value.refusals }
        var chosen = Set(refused.prefix(maximumRefusedTenants).map(\.key))
        for (tenant, _) in byAll {
            guard chosen.count < maximumTenants else { break }
            chosen.insert(tenant)
        }
        return byAll.map(\.key).filter(chosen.contains)
    }

    /// A sentence about the refusals that are not the callers' fault; nil if there are none.
    var serviceFaults: String? {
        let faults = codes.filter { $0.code.status >= 500 }.map { ($0.code, $0.counts.reduce(0, +)) }
        guard !faults.isEmpty else { return nil }
        let list = faults.map { "\($0.0.rawValue) (\($0.1))" }.joined(separator: ", ")
        return "in the last hour, requests were refused because of faults of the service: \(list)"
    }

    func write(to json: inout JSONWriter) {
        json.object("decisions") { json in
            json.member("start", start.rfc3339)
            write("tickets", tickets, to: &json)
            write("refusals", refusals, to: &json)
            json.array("codes", of: codes) { json, row in
                json.object { json in
                    json.member("code", row.code.rawValue)
                    json.member("status", row.code.status)
                    json.member("title", row.code.title)
                    write("perMinute", row.counts, to: &json)
                }
            }
            json.array("tenants", of: tenants) { json, row in
                json.object { json in
                    json.member("tenant", row.tenant)
                    write("tickets", row.tickets, to: &json)
                    write("refusals", row.refusals, to: &json)
                }
            }
            if let others {
                json.object("others") { json in
                    write("tickets", others.tickets, to: &json)
                    write("refusals", others.refusals, to: &json)
                }
            }
        }
    }

    private func write(_ name: String, _ counts: Counts, to json: inout JSONWriter) {
        json.array(name, of: counts) { $0.int($1) }
    }
}
