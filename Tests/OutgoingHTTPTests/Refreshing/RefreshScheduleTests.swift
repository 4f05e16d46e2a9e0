// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import Testing

struct RefreshScheduleTests {
    private static func at(_ uptime: Duration, date: Double = 0) -> Moment {
        Moment(date: Date(timeIntervalSince1970: date), uptime: uptime)
    }

    /// How long after `start` the next fetch is due, to 10 ms.
    private static func pause(from start: Duration = .zero, _ schedule: RefreshSchedule) -> Duration {
        var (low, high) = (start - .seconds(1), start + .seconds(100_000))
        while high - low > .milliseconds(10) {
            let middle = low + (high - low) / 2
            if schedule.isDue(at: at(middle)) { high = middle } else { low = middle }
        }
        return high - start
    }

    /// Fresh for 600 s from uptime 0, renewed 120 to 180 s before the end of it.
    private static let renewal = RefreshSchedule.Renewal(
        freshUntil: Deadline(uptime: .seconds(600)), lead: .seconds(120)...(.seconds(180)))

    private static func succeeded(jitter: Double = 0) -> RefreshSchedule {
        var schedule = RefreshSchedule()
        schedule.begin()
        schedule.succeed(at: .zero, renewal: renewal, isSame: false, jitter: jitter)
        return schedule
    }

    // MARK: tables of events

    enum Event: Sendable {
        case began
        case succeeded(freshFor: Int?, isSame: Bool = false)
        case unused
        case failed(longest: Int = 60)
        case dropped(longest: Int = 3)
    }

    struct Course: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What happens at which second.
        let events: [(second: Int, event: Event)]
        /// The seconds at which a fetch is due, and those at which it is not.
        let due: [Double]
        let notDue: [Double]
    }

    private static let courses: [Course] = [
        Course(testDescription: "nothing yet", events: [], due: [-1_000_000, 0, 1e9], notDue: []),
        Course(testDescription: "one fetch at a time", events: [(0, .began)], due: [], notDue: [0, 1, 1e6]),
        Course(
            testDescription: "a value is renewed a fifth of its life before it is stale",
            events: [(0, .began), (0, .succeeded(freshFor: 600))], due: [480, 600, 1e6], notDue: [0, 2, 479.9]),
        Course(
            testDescription: "a value without end is not renewed",
            events: [(0, .began), (0, .succeeded(freshFor: nil))], due: [], notDue: [0, 5, 1e9]),
        Course(
            testDescription: "however short the life, two seconds pass between fetches",
            events: [(0, .began), (0, .succeeded(freshFor: 1))], due: [2], notDue: [0, 1, 1.9]),
        Course(
            testDescription: "four pass where the same value came again",
            events: [(0, .began), (0, .succeeded(freshFor: 1, isSame: true))], due: [4], notDue: [0, 3.9]),
        Course(
            testDescription: "after a value that was not taken the next fetch is due after four",
            events: [(0, .began), (0, .succeeded(freshFor: 600)), (100, .began), (100, .unused)], due: [104], notDue: [103.9]),
        Course(
            testDescription: "a failed fetch is repeated, however fresh the value still is",
            events: [(0, .began), (0, .succeeded(freshFor: 600)), (10, .began), (12, .failed())], due: [13], notDue: [12, 12.9]),
        Course(
            testDescription: "pauses double",
            events: [(0, .began), (0, .failed()), (1, .began), (1, .failed()), (3, .began), (3, .failed())], due: [7],
            notDue: [3, 6.9]),
        Course(
            testDescription: "a success ends the doubling",
            events: [
                (0, .began), (0, .failed()), (1, .began), (1, .failed()), (3, .began), (3, .succeeded(freshFor: 600)),
                (500, .began), (500, .failed()),
            ], due: [501], notDue: [500, 500.9]),
        Course(
            testDescription: "after the end of the value the pause is that of a source without one",
            events: [(0, .began), (0, .succeeded(freshFor: 600))] + (0..<9).map { ($0 + 700, .failed()) } + [(710, .dropped())],
            due: [713], notDue: [712.9]),
        Course(
            testDescription: "and none where the value was not being renewed",
            events: [(0, .began), (0, .succeeded(freshFor: nil)), (100, .dropped())], due: [100], notDue: []),
    ]

    @Test(arguments: courses) func `a fetch is due at its time and not before`(course: Course) {
        var schedule = RefreshSchedule()
        for (second, event) in course.events {
            let uptime = Duration.seconds(second)
            switch event {
            case .began: schedule.begin()
            case .succeeded(let life, let isSame):
                let renewal = life.map { life in
                    RefreshSchedule.Renewal(
                        freshUntil: Deadline(uptime: uptime + .seconds(life)),
                        lead: .seconds(Double(life) * 0.2)...(.seconds(Double(life) * 0.3)))
                }
                schedule.succeed(at: uptime, renewal: renewal, isSame: isSame, jitter: 0)
            case .unused: schedule.succeedUnused(at: uptime)
            case .failed(let longest): schedule.fail(at: uptime, longestPause: .seconds(longest), jitter: 0)
            case .dropped(let longest): schedule.drop(at: uptime, longestPause: .seconds(longest))
            }
        }
        for second in course.due { #expect(schedule.isDue(at: Self.at(.seconds(second))), "at \(second)") }
        for second in course.notDue { #expect(!schedule.isDue(at: Self.at(.seconds(second))), "at \(second)") }
    }

    // MARK: jitter and pauses

    @Test func `jitter spreads fetches over the lead and not beyond`() {
        var pauses: Set<Int64> = []
        for step in 0...100 {
            let pause = Self.pause(Self.succeeded(jitter: Double(step) / 100))
            #expect(pause >= .seconds(420) && pause <= .seconds(480.01))
            pauses.insert(pause.components.seconds)
        }
        #expect(pauses.count >= 50)
    }

    @Test(arguments: [-1, 2, 1e300, -.infinity, .infinity, .nan])
    func `no random number moves a fetch out of its bounds`(jitter: Double) {
        var schedule = Self.succeeded(jitter: jitter)
        #expect(Self.pause(schedule) >= .seconds(420) && Self.pause(schedule) <= .seconds(480.01))
        schedule.fail(at: .zero, longestPause: .seconds(60), jitter: jitter)
        #expect(Self.pause(schedule) >= .seconds(0.75) && Self.pause(schedule) <= .seconds(1.01))
    }

    @Test(arguments: [
        (3, [1, 2, 3, 3, 3, 3, 3, 3, 3]), (60, [1, 2, 4, 8, 16, 32, 60, 60, 60]), (1000, [1, 2, 4, 8, 16, 32, 60]),
    ])
    func `pauses after failures double up to the longest, and to a minute`(longest: Int, expected: [Double]) {
        for jitter in [0, 0.5, 1] {
            var schedule = RefreshSchedule()
            for seconds in expected {
                schedule.fail(at: .seconds(5), longestPause: .seconds(longest), jitter: jitter)
                let pause = Self.pause(from: .seconds(5), schedule)
                let exact = seconds * (1 - 0.25 * jitter)
                #expect(pause >= .seconds(exact) && pause <= .seconds(exact + 0.02))
            }
        }
    }

    @Test func `a thousand failures do no harm, and a success resets them`() {
        var schedule = RefreshSchedule()
        for _ in 0..<1000 { schedule.fail(at: .zero, longestPause: .seconds(60), jitter: 0) }
        #expect(schedule.failuresInARow == 1000)
        #expect(Self.pause(schedule) <= .seconds(60.01))
        schedule.succeed(at: .zero, renewal: Self.renewal, isSame: false, jitter: 0)
        #expect(schedule.failuresInARow == 0)
        schedule.fail(at: .zero, longestPause: .seconds(60), jitter: 0)
        #expect(Self.pause(schedule) <= .seconds(1.01))
    }

    // MARK: two clocks

    /// A value that ends at uptime 600 and at date 1600, renewed 120 s before.
    @Test(arguments: [
        // Both clocks agree.
        (479.0, 1479.0, false), (481, 1481, true),
        // The wall clock was set forward, or back.
        (10, 1481, true), (479, 1000, false), (481, 1000, true),
    ]) func `the first clock to reach the end decides`(uptime: Double, date: Double, isDue: Bool) {
        var schedule = RefreshSchedule()
        let end = Deadline(uptime: .seconds(600), date: Date(timeIntervalSince1970: 1600))
        schedule.succeed(
            at: .zero, renewal: .init(freshUntil: end, lead: .seconds(120)...(.seconds(120))), isSame: false, jitter: 0)
        #expect(schedule.isDue(at: Self.at(.seconds(uptime), date: date)) == isDue)
    }
}
