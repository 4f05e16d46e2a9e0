// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

@Suite("When credentials are fetched anew")
struct RefreshTimingTests {
    @Test(
        "Twenty minutes before the end, at half of a shorter use, and from when on they are of no use",
        arguments: [(6 * 3600.0, 1200.0), (3600, 1200), (2400, 1200), (900, 495), (240, 165), (150, 120), (80, 90)])
    func lead(remaining: Double, expected: Double) {
        #expect(RefreshTiming.lead(remaining: remaining, useless: 90, jitter: 0) == expected)
        let late = RefreshTiming.lead(remaining: remaining, useless: 90, jitter: 1)
        #expect(late >= expected && late <= expected * 1.11)
    }

    @Test("Pauses after failures double up to a minute while the credentials have long to live")
    func backoff() {
        let pauses = (1...9).map { RefreshTiming.pause(failures: $0, remaining: 3600, jitter: 0) }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60])
    }

    @Test("A source that is back is found within seconds when there is nothing to sign with", arguments: [1, 5, 50, 5000])
    func outage(failures: Int) {
        #expect(RefreshTiming.pause(failures: failures, remaining: 0, jitter: 0) <= 2)
        #expect(RefreshTiming.pause(failures: failures, remaining: 0, jitter: 1) >= 0.7)
    }

    @Test("Who was told no asks less and less often, and soon enough after somebody has mended it")
    func refused() {
        let pauses = (1...7).map { RefreshTiming.pause(failures: $0, remaining: 0, isOutage: false, jitter: 0) }
        #expect(pauses == [1, 2, 4, 8, 15, 15, 15])
    }

    @Test("Towards the end the pauses become shorter")
    func towardsTheEnd() {
        #expect(RefreshTiming.pause(failures: 20, remaining: 240, jitter: 0) == 30)
        #expect(RefreshTiming.pause(failures: 20, remaining: 16, jitter: 0) == 2)
    }
}
