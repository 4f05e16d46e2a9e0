// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import WireFormats

@testable import PosternServer

/// Dates before 1970, far away, and on the edges of what can be written.
struct ClockTests {
    private static let lastSecond = 253_402_300_799.0

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_225_900.123, "2026-01-01T00:05:00.123Z"),
        (-0.25, "1969-12-31T23:59:59.750Z"),
        (-5, "1969-12-31T23:59:55.000Z"),
        (-5.25, "1969-12-31T23:59:54.750Z"),
        (-62_167_219_200, "0000-01-01T00:00:00.000Z"),
        (-62_198_755_200, "0000-01-01T00:00:00.000Z"),
        (-1e18, "0000-01-01T00:00:00.000Z"),
        (lastSecond + 0.5, "9999-12-31T23:59:59.500Z"),
        (lastSecond + 1, "9999-12-31T23:59:59.000Z"),
        (4.6e18, "9999-12-31T23:59:59.000Z"),
    ])
    func `a log line has a valid time for any date`(_ seconds: Double, _ text: String) {
        #expect(Date(timeIntervalSince1970: seconds).rfc3339Milliseconds == text)
    }

    @Test(arguments: [-4.6e18, -62_198_755_200, -5, 0, 1_767_225_900, lastSecond, 4.6e18])
    func `a ticket has a valid id for any date`(_ seconds: Double) {
        var random = SystemRandomNumberGenerator()
        let id = Ticket.makeID(at: Date(timeIntervalSince1970: seconds), random: &random)
        #expect(id.utf8.count == 36 && UUID(uuidString: id) != nil)
    }

    @Test(arguments: [
        -4.6e18, -62_198_755_200, -5, 0, 1_000_000_000, ServiceClock.earliestDate - 1, ServiceClock.latestDate + 1, lastSecond,
        lastSecond + 1, 4.6e18,
    ])
    func `a clock that cannot be right is refused`(_ seconds: Double) throws {
        let now = Date(timeIntervalSince1970: seconds)
        let problem = #expect(throws: ProblemDetails.self) { try ServiceClock.check(now) }
        #expect(problem?.code == .clockImplausible)
        #expect(ServiceClock.problem(of: now)?.contains("set the clock") == true)
    }

    @Test(arguments: [
        ServiceClock.earliestDate, PosternVersion.date.timeIntervalSince1970, 2_147_483_648, 8_589_934_592,
        ServiceClock.latestDate,
    ])
    func `any other clock is accepted`(_ seconds: Double) throws {
        try ServiceClock.check(Date(timeIntervalSince1970: seconds))
    }

    /// The longest ticket that a rule can ask for, at the last instant that is judged.
    @Test func `the expiration of the last possible ticket can be written`() {
        let end = Date(timeIntervalSince1970: ServiceClock.latestDate + PolicySigner.maximumLifetime)
        #expect(CivilTime(end)?.rfc3339 == "9999-12-31T23:59:59Z")
    }
}
