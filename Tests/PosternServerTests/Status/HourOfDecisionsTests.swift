// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import WireFormats

@testable import PosternServer

struct HourOfDecisionsTests {
    private func minute(
        _ index: Int, total: DecisionSum = DecisionSum(), tenants: [String: DecisionSum] = [:],
        others: DecisionSum = DecisionSum()
    ) -> RecentDecisions.Minute {
        var minute = RecentDecisions.Minute(start: .january2027 + Double(60 * index))
        (minute.total, minute.tenants, minute.others) = (total, tenants, others)
        return minute
    }

    private func json(_ minutes: [RecentDecisions.Minute]) throws -> JSONValue {
        let bytes = JSONWriter.object { HourOfDecisions(minutes).write(to: &$0) }
        return try #require(try JSONValue(parsing: bytes)["decisions"])
    }

    private func counts(_ value: JSONValue?) -> [Int] {
        value?.elements?.compactMap(\.integer) ?? []
    }

    @Test func `there are always 60 minutes, and the last one is the current one`() throws {
        let hour = try json([
            minute(0, total: DecisionSum(tickets: 3)), minute(1, total: DecisionSum(tickets: 5, refusals: [.rateLimited: 2])),
        ])
        #expect(counts(hour["tickets"]) == Array(repeating: 0, count: 58) + [3, 5])
        #expect(counts(hour["refusals"]) == Array(repeating: 0, count: 59) + [2])
        #expect(hour["start"] == .string((Date.january2027 - 58 * 60).rfc3339))
        #expect(counts(try json([minute(0)])["tickets"]) == Array(repeating: 0, count: 60))
    }

    @Test func `codes are in the order of their counts`() throws {
        let hour = try json([
            minute(0, total: DecisionSum(refusals: [.rateLimited: 2, .ruleUnknown: 3, .keysUnavailable: 3])),
            minute(1, total: DecisionSum(refusals: [.rateLimited: 2])),
        ])
        let codes = try #require(hour["codes"]?.elements)
        #expect(codes.map { $0["code"] } == [.string("rate-limited"), .string("keys-unavailable"), .string("rule-unknown")])
        #expect(counts(codes[0]["perMinute"]).suffix(2) == [2, 2] && codes[0]["status"]?.integer == 429)
        #expect(codes[0]["title"] == .string("Too many requests") && counts(codes[1]["perMinute"]).suffix(2) == [3, 0])
    }

    @Test func `tenants with the most decisions and with the most refusals are shown, and the others are summed`() throws {
        var tenants: [String: DecisionSum] = [:]
        for number in 0..<30 { tenants["t\(number)"] = DecisionSum(tickets: 1000 - number) }
        tenants["small"] = DecisionSum(refusals: [.unauthenticated: 2])
        let hour = try json([minute(0, tenants: tenants, others: DecisionSum(tickets: 7, refusals: [.rateLimited: 1]))])
        let shown = try #require(hour["tenants"]?.elements)
        #expect(shown.map { $0["tenant"]?.string } == (0..<9).map { "t\($0)" } + ["small"])
        #expect(counts(shown[9]["refusals"]).last == 2 && counts(shown[0]["tickets"]).last == 1000)
        let others = (9..<30).reduce(7) { $0 + 1000 - $1 }
        #expect(counts(hour["others"]?["tickets"]).last == others)
        #expect(counts(hour["others"]?["refusals"]).last == 1)
        #expect(try json([minute(0, tenants: ["a": DecisionSum(tickets: 1)])])["others"] == nil)
    }

    @Test func `five tenants are those with the most refusals`() throws {
        var tenants: [String: DecisionSum] = [:]
        for number in 0..<20 { tenants["busy\(number)"] = DecisionSum(tickets: 1000 - number) }
        for number in 0..<7 { tenants["refused\(number)"] = DecisionSum(refusals: [.rateLimited: 10 + number]) }
        let shown = try #require(try json([minute(0, tenants: tenants)])["tenants"]?.elements)
        #expect(
            shown.map { $0["tenant"]?.string }
                == (0..<5).map { "busy\($0)" } + (2..<7).reversed().map { "refused\($0)" })
    }

    @Test func `only refusals that are the service's fault are a sentence`() {
        let callers = HourOfDecisions([minute(0, total: DecisionSum(refusals: [.rateLimited: 9, .unauthenticated: 1]))])
        #expect(callers.serviceFaults == nil)
        let faults = HourOfDecisions([
            minute(0, total: DecisionSum(refusals: [.overloaded: 1, .credentialsUnavailable: 4, .rateLimited: 9]))
        ])
        #expect(
            faults.serviceFaults
                == "in the last hour, requests were refused because of faults of the service: credentials-unavailable (4), overloaded (1)"
        )
    }

    @Test func `a full hour of many tenants is made in one pass`() throws {
        var tenants: [String: DecisionSum] = [:]
        for number in 0..<500 { tenants["t\(number)"] = DecisionSum(tickets: 1, refusals: [.rateLimited: 1]) }
        let hour = try json((0..<60).map { minute($0, tenants: tenants, others: DecisionSum(tickets: 1)) })
        #expect(hour["tenants"]?.elements?.count == 10)
        #expect(counts(hour["others"]?["tickets"]) == Array(repeating: 491, count: 60))
    }
}
