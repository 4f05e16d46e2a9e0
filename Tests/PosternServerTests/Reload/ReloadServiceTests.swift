// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import PosternTestSupport
import RuleFiles
import ServiceLifecycle
import Synchronization
import Testing

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct ReloadServiceTests {
    /// Pauses that end when the test says so.
    private final class Pauses: Sendable {
        private struct State {
            var asked: [Duration] = []
            var waiting: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())

        func pause(_ duration: Duration) async {
            await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    state.withLock { state in
                        state.asked.append(duration)
                        state.waiting.append(continuation)
                    }
                    if Task.isCancelled { end() }
                }
            } onCancel: {
                end()
            }
        }

        /// Ends all pauses.
        func end() {
            for waiting in state.withLock({ state in
                defer { state.waiting = [] }
                return state.waiting
            }) { waiting.resume() }
        }

        /// Waits until a pause has begun, and returns how long it is to last.
        func next() async throws -> Duration {
            while true {
                if let first = state.withLock({ $0.asked.isEmpty ? nil : $0.asked.removeFirst() }) { return first }
                try await Task.sleep(for: .milliseconds(2))
            }
        }
    }

    private let service: TestService
    private let pauses = Pauses()
    private let requests = LookRequests()
    private let log = LogRecorder()
    private let threshold = LogThreshold(.info)

    init() async throws {
        service = try await TestService()
    }

    /// Runs the service while `body` runs.
    private func running(_ requests: LookRequests? = nil, _ body: () async throws -> Void) async throws {
        let clock = ServiceClock(now: { Date() }, uptime: ServiceClock.system.uptime)
        let reload = ReloadService(
            state: service.state, log: ReloadLog(logger: log.logger()), refreshLog: RefreshLog(logger: log.logger()),
            threshold: threshold, clock: clock, requests: requests ?? self.requests, sleep: pauses.pause)
        let task = Task { try await reload.run() }
        try await body()
        task.cancel()
        try await task.value
    }

    private var changed: String {
        TestService.acme(keys: service.keyLines, rules: TestService.rules.replacing("5MiB", with: "6MiB"))
    }

    @Test func `a change is looked at again soon, and is in force after two looks`() async throws {
        let state = service.state
        try await running {
            #expect(try await pauses.next() == .seconds(5))
            pauses.end()
            #expect(try await pauses.next() == .seconds(5) && state.current.generation == 1)
            try service.folder.write(changed, to: "acme.yaml")
            pauses.end()
            #expect(try await pauses.next() == .milliseconds(200) && state.current.generation == 1)
            pauses.end()
            // The pause before the old snapshot is freed.
            #expect(try await pauses.next() == .milliseconds(100) && state.current.generation == 2)
            pauses.end()
            #expect(try await pauses.next() == .seconds(5))
        }
        #expect(log.lines.count == 1 && log.text.hasPrefix("notice changed files are in force"))
        #expect(log.text.contains(state.current.book.digest) && log.text.contains(#""tenantIds": acme"#))
        #expect(service.metricsText().contains("postern_rules_reloads_total{result=\"ok\"} 1\n"))
        #expect(service.metricsText().contains("\npostern_rules_last_look_timestamp_seconds "))
    }

    @Test func `a request reads all files at once, also where nothing else does`() async throws {
        let state = service.state
        state.replace(with: service.snapshot { $0.reload = .zero })
        try service.folder.write(changed, to: "acme.yaml")
        try await running {
            requests.request()
            #expect(try await pauses.next() == .milliseconds(200))
            pauses.end()
            #expect(try await pauses.next() == .milliseconds(100) && state.current.generation == 3)
            pauses.end()
            requests.request()
            while !log.text.contains("none has changed") { try await Task.sleep(for: .milliseconds(2)) }
        }
        #expect(log.lines.filter { $0.hasPrefix("notice SIGHUP: reading all files") }.count == 2)
    }

    @Test func `what was asked for has ended when the files have settled and what they say is in force`() async throws {
        let state = service.state
        let events = Mutex<[String]>([])
        let requests = LookRequests(
            onRequest: { events.withLock { $0.append("request") } },
            onEnd: { events.withLock { $0.append("end in generation \(state.current.generation)") } })
        try await running(requests) {
            #expect(try await pauses.next() == .seconds(5))
            try service.folder.write(changed, to: "acme.yaml")
            requests.request()
            #expect(try await pauses.next() == .milliseconds(200))
            #expect(events.withLock { $0 } == ["request"])
            pauses.end()
            #expect(try await pauses.next() == .milliseconds(100))
            pauses.end()
            // A look that nobody has asked for.
            for _ in 0..<2 {
                #expect(try await pauses.next() == .seconds(5))
                pauses.end()
            }
        }
        #expect(events.withLock { $0 } == ["request", "end in generation 2"])
    }

    @Test func `looks have not ended while there is another request`() {
        let ends = Mutex(0)
        let requests = LookRequests(onEnd: { ends.withLock { $0 += 1 } })
        requests.request()
        requests.end()
        #expect(ends.withLock { $0 } == 0)
    }

    @Test func `a file is logged when it is held back and when it no longer is`() async throws {
        try await running {
            for text in [changed.replacing("6MiB", with: "6M"), changed.replacing("6MiB", with: "7M"), changed] {
                #expect(try await pauses.next() == .seconds(5))
                try service.folder.write(text, to: "acme.yaml")
                pauses.end()
                #expect(try await pauses.next() == .milliseconds(200))
                pauses.end()
            }
            #expect(try await pauses.next() == .milliseconds(100))
            pauses.end()
            #expect(try await pauses.next() == .seconds(5))
        }
        let lines = log.lines
        #expect(lines.count == 4)
        for (line, size) in zip(lines, ["6M", "7M"]) {
            #expect(line.hasPrefix("error the file is held back: what it said before stays in force"))
            #expect(line.contains("acme.yaml:") && line.contains("“\(size)” is not a size"))
        }
        #expect(lines[2].hasPrefix("notice changed files are in force"))
        #expect(lines[3].hasPrefix("notice the file is no longer held back"))
        let metrics = service.metricsText()
        #expect(metrics.contains("result=\"held-back\"} 2\n") && metrics.contains("result=\"ok\"} 1\n"))
    }

    @Test func `many files that are held back take few lines`() {
        let problem = Diagnostic(file: "f", line: 1, column: 1, message: String(repeating: "m", count: 9000), advice: "a")
        let files = (0..<1000).map { HeldBackFile(file: "\($0)", problems: Array(repeating: problem, count: 500)) }
        let reloadLog = ReloadLog(logger: log.logger())
        reloadLog.judged(.init(next: nil, heldBack: files, warnings: [], settingsForRestart: []), heldBackBefore: [])
        #expect(log.lines.count == 21 && log.text.utf8.count < 50_000)
        reloadLog.judged(
            .init(next: nil, heldBack: [], warnings: Array(repeating: "w", count: 50), settingsForRestart: ["listen"]),
            heldBackBefore: files)
        #expect(log.lines.count == 21 + 21 + 1 + 21)
    }

    @Test func `a replaced snapshot is freed when no request uses it any more`() async throws {
        let state = service.state
        weak let first = state.current
        var used: ServiceSnapshot? = state.current
        state.replace(with: service.snapshot { $0.logLevel = .debug })
        state.freeUnused()
        #expect(first != nil && used === first)
        used = nil
        #expect(first != nil, "a request does not free it")
        state.freeUnused()
        #expect(first == nil)
    }

    // MARK: When files are looked at

    @Test func `all files are read every five minutes, and at a request until they have settled`() {
        var schedule = LookSchedule(at: .seconds(100))
        func look(at seconds: Int, isAsked: Bool = false, isUnsettled: Bool = false) -> Bool {
            schedule.begin(isAsked: isAsked, at: .seconds(seconds))
            defer { schedule.end(isUnsettled: isUnsettled, at: .seconds(seconds)) }
            return schedule.readsEverything
        }
        #expect(!look(at: 105) && !look(at: 399) && look(at: 400) && !look(at: 405))
        #expect(look(at: 410, isAsked: true, isUnsettled: true) && look(at: 411) && !look(at: 412) && !look(at: 710))
        #expect(look(at: 711))
    }

    @Test(arguments: [(5000, 5000, 200), (100, 100, 100), (0, nil, 200)] as [(Int, Int?, Int)])
    func `files that are being written are looked at soon`(interval: Int, pause: Int?, soon: Int) {
        var schedule = LookSchedule(at: .zero)
        #expect(schedule.pause(.milliseconds(interval)) == pause.map { .milliseconds($0) })
        schedule.begin(isAsked: false, at: .zero)
        schedule.end(isUnsettled: true, at: .zero)
        #expect(schedule.pause(.milliseconds(interval)) == .milliseconds(soon))
    }

    @Test(arguments: [(0, 5000), (200, 5000), (300, 7200), (9000, 60_000)])
    func `looks that take long are further apart`(cost: Int, pause: Int) {
        var schedule = LookSchedule(at: .zero)
        func look(isUnsettled: Bool = false, cost: Int) {
            schedule.begin(isAsked: false, at: .zero)
            schedule.end(isUnsettled: isUnsettled, cost: .milliseconds(cost), at: .zero)
        }
        look(cost: cost)
        #expect(schedule.pause(.seconds(5)) == .milliseconds(pause) && schedule.pause(.zero) == nil)
        // A look that reads files costs more, and files that change are looked at soon.
        look(isUnsettled: true, cost: 4000)
        #expect(schedule.pause(.seconds(5)) == .milliseconds(200))
        look(cost: 4000)
        #expect(schedule.pause(.seconds(5)) == .milliseconds(pause))
    }

    @Test func `a file that changes at each look does not keep the others from their interval`() {
        var schedule = LookSchedule(at: .zero)
        func look(isAsked: Bool = false, isUnsettled: Bool) {
            schedule.begin(isAsked: isAsked, at: .zero)
            schedule.end(isUnsettled: isUnsettled, at: .zero)
        }
        look(isAsked: true, isUnsettled: true)
        for _ in 0..<8 { look(isUnsettled: true) }
        #expect(schedule.pause(.seconds(5)) == .milliseconds(200) && schedule.readsEverything)
        for _ in 0..<3 {
            look(isUnsettled: true)
            #expect(schedule.pause(.seconds(7)) == .seconds(7) && !schedule.readsEverything)
            // Without an interval, looks go on until the files have settled.
            #expect(schedule.pause(.zero) == .seconds(5))
        }
        look(isUnsettled: false)
        #expect(schedule.pause(.zero) == nil)
        look(isUnsettled: true)
        #expect(schedule.pause(.seconds(5)) == .milliseconds(200))
    }

    @Test func `a request that comes before the wait is not lost`() async {
        requests.request()
        #expect(await requests.wait(nil, pauses.pause))
        let waiting = Task { [requests, pauses] in await requests.wait(nil, pauses.pause) }
        waiting.cancel()
        #expect(await !waiting.value)
        let later = Task { [requests, pauses] in await requests.wait(.seconds(1), pauses.pause) }
        requests.request()
        #expect(await later.value)
    }

    @Test func `the level of the log can change`() {
        let threshold = LogThreshold(.info)
        for level in Logger.Level.allCases {
            threshold.level = level
            #expect(threshold.level == level)
            for other in Logger.Level.allCases { #expect(threshold.logs(other) == (other >= level)) }
        }
    }
}
