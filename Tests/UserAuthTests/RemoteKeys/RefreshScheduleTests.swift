// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

@Suite("When keys are fetched")
struct RefreshScheduleTests {
    private static let error = KeyFetchError(.keySet, .status(500))

    /// How long after an event the next fetch is due, to 10 ms.
    private static func pause(from start: Duration = .zero, _ schedule: RefreshSchedule) -> Duration {
        var (low, high) = (start - .seconds(1), start + .seconds(100_000))
        while high - low > .milliseconds(10) {
            let middle = low + (high - low) / 2
            if schedule.isDue(at: middle) { high = middle } else { low = middle }
        }
        return high - start
    }

    @Test(
        "the first fetch is due at once, at any uptime",
        arguments: [Duration.seconds(-1_000_000), .zero, .seconds(1_000_000_000)])
    func first(uptime: Duration) {
        #expect(RefreshSchedule().isDue(at: uptime))
    }

    @Test("the jitter spreads fetches over 70 to 80 % of the lifetime and never beyond")
    func jitter() {
        var pauses: Set<Int64> = []
        for step in 0...100 {
            var schedule = RefreshSchedule()
            schedule.succeed(at: .zero, lifetime: .seconds(600), jitter: Double(step) / 100)
            let pause = Self.pause(schedule)
            #expect(pause >= .seconds(420) && pause <= .seconds(480.01))
            pauses.insert(pause.components.seconds)
        }
        #expect(pauses.count >= 50)
    }

    @Test("no generator can push a fetch out of its bounds", arguments: [-1, 2, 1e300, -.infinity, .infinity, .nan])
    func wildJitter(jitter: Double) {
        var schedule = RefreshSchedule()
        schedule.succeed(at: .zero, lifetime: .seconds(600), jitter: jitter)
        #expect(Self.pause(schedule) >= .seconds(420) && Self.pause(schedule) <= .seconds(480.01))
        schedule.fail(Self.error, at: .zero, hasKeys: true, jitter: jitter)
        #expect(Self.pause(schedule) >= .seconds(0.75) && Self.pause(schedule) <= .seconds(1.01))
    }

    @Test("pauses after failures double up to a minute; without keys they end at 3 s", arguments: [true, false])
    func backoff(hasKeys: Bool) {
        for jitter in [0, 0.5, 1] {
            var schedule = RefreshSchedule()
            let expected: [Double] = hasKeys ? [1, 2, 4, 8, 16, 32, 60, 60, 60] : [1, 2, 3, 3, 3, 3, 3, 3, 3]
            for seconds in expected {
                schedule.fail(Self.error, at: .seconds(5), hasKeys: hasKeys, jitter: jitter)
                let pause = Self.pause(from: .seconds(5), schedule)
                let exact = seconds * (1 - 0.25 * jitter)
                #expect(pause >= .seconds(exact) && pause <= .seconds(exact + 0.02))
            }
        }
    }

    @Test("a thousand failures do no harm, and a success ends them")
    func manyFailures() {
        var schedule = RefreshSchedule()
        for _ in 0..<1000 { schedule.fail(Self.error, at: .zero, hasKeys: true, jitter: 0) }
        #expect(schedule.failuresInARow == 1000)
        #expect(schedule.failures == [.status: 1000])
        #expect(Self.pause(schedule) <= .seconds(60.01))
        schedule.succeed(at: .zero, lifetime: .seconds(60), jitter: 0)
        schedule.fail(Self.error, at: .zero, hasKeys: true, jitter: 0)
        #expect(Self.pause(schedule) <= .seconds(1.01))
    }

    @Test("one fetch runs at a time")
    func singleFlight() {
        var schedule = RefreshSchedule()
        let (isFirst, isSecond) = (schedule.begin(), schedule.begin())
        #expect(isFirst && !isSecond)
        #expect(!schedule.isDue(at: .seconds(1e6)))
        schedule.fail(Self.error, at: .zero, hasKeys: false, jitter: 0)
        let isNext = schedule.begin()
        #expect(isNext)
        #expect(schedule.fetches == 2)
    }

    @Test("a set is too old 24 hours after its fetch began, and where the keys are dropped the next fetch comes soon")
    func expiry() {
        var schedule = RefreshSchedule()
        #expect(!schedule.isExpired(at: .seconds(1_000_000)))
        schedule.succeed(at: .seconds(10), lifetime: .seconds(3600), jitter: 0)
        #expect(!schedule.isExpired(at: .seconds(86_409.9)))
        #expect(schedule.isExpired(at: .seconds(86_410)))
        for _ in 0..<10 { schedule.fail(Self.error, at: .seconds(86_400), hasKeys: true, jitter: 0) }
        schedule.keysDropped(at: .seconds(86_410))
        #expect(Self.pause(from: .seconds(86_410), schedule) <= .seconds(3.01))
    }
}
