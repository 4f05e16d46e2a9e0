// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import PosternTestSupport
import Synchronization
import Testing
import UploadRules

@testable import PosternServer

struct RecentDecisionsTests {
    private let clock = TestClock(uptime: .seconds(6005))
    private let metrics = ServiceMetrics()

    private func served(_ id: String) throws -> ServedTenant {
        let tenant = Tenant(id: id, origins: [], rules: [try .sample("files")])
        let credentials = RefreshingCredentials(source: .standard, minimumRemaining: 0) { () throws(CredentialError) in
            throw .unavailable("not used")
        }
        return ServedTenant(tenant, credentials: [credentials])
    }

    private func recent(_ tenants: @escaping @Sendable () -> [ServedTenant]) -> RecentDecisions {
        let clock = clock
        return RecentDecisions(
            metrics: metrics, tenants: tenants, clock: ServiceClock(now: { clock.date }, uptime: { clock.uptime }))
    }

    /// Counts what the service counts for a ticket.
    private func issue(_ count: Int = 1, by served: ServedTenant) {
        for _ in 0..<count {
            served.countTicket(of: served.tenant.rules[0], maximumBytes: 1)
            metrics.countResponse(.route(.tickets), status: 201, seconds: 0)
        }
    }

    private func refuse(_ code: ProblemCode, by served: ServedTenant? = nil) {
        served?.countRefusal(code, of: nil)
        metrics.countProblem(code)
    }

    @Test func `each minute has the decisions that were made in it, in total and by tenant`() throws {
        let (acme, beta) = (try served("acme"), try served("beta"))
        let recent = recent { [acme, beta] }
        #expect(recent.lastHour.count == 1 && recent.lastHour[0].total.isEmpty && recent.lastHour[0].tenants.isEmpty)
        issue(2, by: acme)
        refuse(.rateLimited, by: acme)
        refuse(.unauthenticated)
        clock.advance(by: .seconds(54))
        // Reading in between changes nothing.
        #expect(recent.lastHour.map(\.total.tickets) == [2])
        refuse(.rateLimited, by: acme)
        clock.advance(by: .seconds(1))
        recent.sample()
        issue(by: beta)
        metrics.countBatchTickets(7)
        clock.advance(by: .seconds(30))
        let minutes = recent.lastHour
        #expect(minutes.count == 2)
        #expect(minutes[0].total == DecisionSum(tickets: 2, refusals: [.rateLimited: 2, .unauthenticated: 1]))
        #expect(minutes[0].tenants == ["acme": DecisionSum(tickets: 2, refusals: [.rateLimited: 2])])
        #expect(minutes[1].total == DecisionSum(tickets: 8))
        #expect(minutes[1].tenants == ["beta": DecisionSum(tickets: 1)])
        #expect(minutes.allSatisfy { $0.others.isEmpty })
        #expect(minutes[1].start == clock.date - 30 && minutes[0].start == clock.date - 90)
    }

    @Test func `a sample that is late counts for the minute in which it was due`() throws {
        let acme = try served("acme")
        let recent = recent { [acme] }
        issue(by: acme)
        clock.advance(by: .seconds(70))
        recent.sample()
        #expect(recent.lastHour.map(\.total.tickets) == [1, 0])
    }

    @Test func `minutes older than an hour are dropped, and those without a sample are empty`() throws {
        let acme = try served("acme")
        let recent = recent { [acme] }
        for minute in 0..<100 {
            issue(minute, by: acme)
            clock.advance(by: .seconds(60))
            recent.sample()
        }
        #expect(recent.lastHour.map(\.total.tickets) == Array(41..<100) + [0])
        #expect(recent.lastHour.first?.start == clock.date - 5 - 59 * 60)
        // The machine slept.
        issue(5, by: acme)
        clock.advance(by: .seconds(3 * 60))
        recent.sample()
        #expect(recent.lastHour.suffix(5).map(\.total.tickets) == [99, 5, 0, 0, 0])
        clock.advance(by: .seconds(86_400))
        #expect(recent.lastHour.map(\.total.tickets) == Array(repeating: 0, count: 60))
        issue(by: acme)
        #expect(recent.lastHour.last?.tenants == ["acme": DecisionSum(tickets: 1)])
    }

    @Test func `the tenants of a minute are bounded, and the busiest are kept`() throws {
        let tenants = try (0..<600).map { try served("t\($0)") }
        let recent = recent { tenants }
        for (number, tenant) in tenants.enumerated() { issue(number <= 100 ? 1 : 2, by: tenant) }
        refuse(.rateLimited, by: tenants[0])
        refuse(.rateLimited, by: tenants[0])
        let minute = try #require(recent.lastHour.first)
        #expect(minute.tenants.count == RecentDecisions.maximumTenants && minute.others == DecisionSum(tickets: 100))
        #expect(minute.tenants["t0"] == DecisionSum(tickets: 1, refusals: [.rateLimited: 2]) && minute.tenants["t1"] == nil)
        // Later in the minute, too.
        for tenant in [tenants[1], tenants[599]] { issue(by: tenant) }
        let later = try #require(recent.lastHour.first)
        #expect(later.tenants.count == RecentDecisions.maximumTenants && later.others == DecisionSum(tickets: 101))
        #expect(later.tenants["t599"] == DecisionSum(tickets: 3) && later.total.tickets == 1101)
    }

    @Test func `a tenant that is removed stays in the total, and in earlier minutes`() throws {
        let (acme, beta) = (try served("acme"), try served("beta"))
        let tenants = Mutex([acme, beta])
        let recent = RecentDecisions(
            metrics: metrics, tenants: { tenants.withLock { $0 } },
            clock: ServiceClock(now: { [clock] in clock.date }, uptime: { [clock] in clock.uptime }))
        for tenant in [acme, beta] { issue(by: tenant) }
        clock.advance(by: .seconds(55))
        recent.sample()
        issue(by: beta)
        tenants.withLock { $0 = [acme] }
        clock.advance(by: .seconds(1))
        let minutes = recent.lastHour
        #expect(minutes.map(\.total.tickets) == [2, 1])
        #expect(minutes.map { Set($0.tenants.keys) } == [["acme", "beta"], []])
    }

    @Test func `the sampler samples at the turn of each minute`() async throws {
        let acme = try served("acme")
        let recent = recent { [acme] }
        let (pauses, naps) = AsyncStream<Duration>.makeStream()
        let clock = clock
        let sampler = DecisionSampler(recent: recent) { duration in
            naps.yield(duration)
            clock.advance(by: duration)
            await Task.yield()
        }
        let task = Task { try await sampler.run() }
        var seen: [Duration] = []
        for await pause in pauses {
            seen.append(pause)
            if seen.count == 3 { break }
        }
        task.cancel()
        try await task.value
        #expect(seen == [.seconds(55), .seconds(60), .seconds(60)])
        #expect(recent.lastHour.count >= 3)
    }
}
