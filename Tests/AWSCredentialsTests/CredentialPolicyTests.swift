// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import AWSCredentials
@testable import OutgoingHTTP

struct CredentialPolicyTests {
    private typealias Policy = RefreshPolicy<ProvidedCredentials, CredentialError>

    private static let start = Moment(date: Date.january2027, uptime: .seconds(100))

    private static func at(_ uptime: Duration) -> Moment { Moment(date: start.date, uptime: uptime) }

    /// The pause after so many failures in a row.
    private static func pause(failures: Int, remaining: Double?, isOutage: Bool = true, jitter: Double = 0) -> Double {
        let longest = Policy.credentials().longestPause(
            isOutage ? .unavailable("down") : .refused("no"), remaining.map { .seconds($0) })
        var schedule = RefreshSchedule()
        for _ in 0..<failures { schedule.fail(at: .zero, longestPause: longest, jitter: jitter) }
        var (low, high) = (Duration.zero, Duration.seconds(100))
        while high - low > .milliseconds(1) {
            let middle = (low + high) / 2
            if schedule.isDue(at: at(middle)) { high = middle } else { low = middle }
        }
        return (high / .seconds(1) * 100).rounded() / 100
    }

    @Test(arguments: [(6 * 3600.0, 1200.0), (3600, 1200), (2400, 1200), (900, 495), (240, 165), (150, 120), (80, 90)])
    func `renewal begins twenty minutes before the end, or halfway through a shorter life`(remaining: Double, expected: Double) {
        let lead = Policy.lead(remaining: remaining, minimumRemaining: 90)
        #expect(lead.lowerBound == .seconds(expected))
        #expect(lead.upperBound >= lead.lowerBound && lead.upperBound <= .seconds(expected * 1.11))
    }

    @Test func `pauses after failures double up to a minute if the credentials are valid for long`() {
        #expect((1...9).map { Self.pause(failures: $0, remaining: 3600) } == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test(arguments: [1, 5, 50, 5000])
    func `without usable credentials a source that is back is found within seconds`(failures: Int) {
        #expect(Self.pause(failures: failures, remaining: nil) <= 2)
        #expect(Self.pause(failures: failures, remaining: nil, jitter: 1) >= 0.7)
    }

    @Test func `a source that refuses is asked less and less often`() {
        #expect((1...7).map { Self.pause(failures: $0, remaining: 0, isOutage: false) } == [1, 2, 4, 8, 15, 15, 15])
    }

    @Test func `the pauses become shorter as the expiration approaches`() {
        #expect(Self.pause(failures: 20, remaining: 240) == 30)
        #expect(Self.pause(failures: 20, remaining: 16) == 2)
    }

    @Test func `both clocks limit the life of credentials`() throws {
        let end = Self.start.date.addingTimeInterval(3600)
        let provided = ProvidedCredentials(
            credentials: SigningCredentials(accessKeyID: "AKID", secretAccessKey: "s", expiration: end), provider: "test")
        let lifetime = try Policy.credentials(minimumRemaining: 90).lifetime(provided, .seconds(98), Self.start)
        // From the end of the fetch: it is then that the date is compared.
        #expect(lifetime.end == Deadline(uptime: .seconds(3700), date: end))
        #expect(lifetime.minimumRemaining == .seconds(90))
        let endless = ProvidedCredentials(
            credentials: SigningCredentials(accessKeyID: "AKID", secretAccessKey: "s"), provider: "test")
        let unlimited = try Policy.credentials().lifetime(endless, .zero, Self.start)
        #expect(unlimited.end == nil && unlimited.renewal == nil)
    }
}
