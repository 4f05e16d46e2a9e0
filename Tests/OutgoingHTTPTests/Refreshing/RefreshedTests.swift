// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PosternTestSupport
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RefreshedTests {
    /// A number that is good for some seconds, counted from the end of its fetch.
    struct Number: Sendable, Equatable {
        let number: Int
        let seconds: Double?
    }

    enum Outage: Error, Equatable {
        case down
        case stale
        case cancelled
    }

    /// A source, two clocks, and what was published.
    final class Scene: Sendable {
        private struct State {
            var fetches = 0
            var answer: Result<Double?, Outage> = .success(100)
            var published: [Int?] = []
            var running = 0
            var mostRunning = 0
        }

        private let state = Mutex(State())
        private let testClock = TestClock()
        private let gate = Mutex<AsyncStream<Void>?>(nil)
        let begun = AsyncStream<Void>.makeStream()
        private let made = Mutex<Refreshed<Number, Outage>?>(nil)

        var refreshed: Refreshed<Number, Outage> {
            made.withLock { made in
                if let made { return made }
                let new = Refreshed(policy, jitter: { 0 })
                made = new
                return new
            }
        }

        private var policy: RefreshPolicy<Number, Outage> {
            RefreshPolicy(
                lifetime: { value, began, ended throws(Outage) in
                    guard let seconds = value.seconds else { return .init(renewal: nil, end: nil) }
                    guard seconds > 0 else { throw .stale }
                    let end = Deadline(uptime: ended.uptime + .seconds(seconds), date: ended.date.addingTimeInterval(seconds))
                    return .init(
                        renewal: .init(freshUntil: end, lead: .seconds(20)...(.seconds(20))), end: end,
                        minimumRemaining: .seconds(10))
                },
                longestPause: { _, remaining in remaining == nil ? .seconds(2) : .seconds(60) },
                label: { "\($0)" },
                publish: { [weak self] value in self?.state.withLock { $0.published.append(value?.number) } }
            )
        }

        var moment: Moment { testClock.moment }
        var clock: @Sendable () -> Moment { { self.moment } }
        var fetches: Int { state.withLock { $0.fetches } }
        var published: [Int?] { state.withLock { $0.published } }
        var mostRunning: Int { state.withLock { $0.mostRunning } }
        var value: Int? { refreshed.status.value?.number }

        func answer(_ answer: Result<Double?, Outage>) { state.withLock { $0.answer = answer } }
        func jump(wall seconds: Double) { testClock.setWallClock(by: seconds) }

        /// Lets fetches wait until the returned function is called.
        func hold() -> @Sendable () -> Void {
            let (stream, continuation) = AsyncStream<Void>.makeStream()
            gate.withLock { $0 = stream }
            return { continuation.finish() }
        }

        func fetch() async throws(Outage) -> Number {
            let (number, answer) = state.withLock { state in
                state.fetches += 1
                state.running += 1
                state.mostRunning = max(state.mostRunning, state.running)
                return (state.fetches, state.answer)
            }
            let gate = gate.withLock { $0 }
            begun.continuation.yield()
            // In a task of its own, which is not cancelled.
            if let gate { await Task { for await _ in gate {} }.value }
            state.withLock { $0.running -= 1 }
            if Task.isCancelled { throw .cancelled }
            return Number(number: number, seconds: try answer.get())
        }

        /// Lets seconds pass, with the driver's beat each half of one.
        func pass(_ seconds: Double) async {
            for _ in 0..<Int(seconds * 2) {
                testClock.advance(by: .seconds(0.5))
                await beat()
            }
        }

        func beat() async {
            refreshed.expire(at: moment.uptime)
            if refreshed.isDue(at: moment) { await refresh() }
        }

        func refresh() async { await refreshed.refresh(clock) { () async throws(Outage) in try await self.fetch() } }

        func fetched() async -> Result<Int, Outage> {
            do throws(Outage) {
                return .success(
                    try await refreshed.fetched(clock) { () async throws(Outage) in try await self.fetch() }.number)
            } catch {
                return .failure(error)
            }
        }

        func value(lasting margin: Duration, orYoungerThan age: Duration = .seconds(60)) async throws(Outage) -> Int {
            try await refreshed.value(lasting: margin, orYoungerThan: age, clock) { () async throws(Outage) in
                try await self.fetch()
            }.number
        }
    }

    // MARK: driven

    @Test func `a value is fetched, renewed before its end, and published each time`() async {
        let scene = Scene()
        await scene.beat()
        #expect(scene.published == [1])
        await scene.pass(79)
        #expect(scene.fetches == 1)
        await scene.pass(2)
        #expect(scene.value == 2)
        #expect(scene.published == [1, 2])
    }

    @Test func `a value is used exactly until its end while its source is down, and failures are counted`() async {
        let scene = Scene()
        await scene.beat()
        scene.answer(.failure(.down))
        await scene.pass(99)
        #expect(scene.value == 1)
        await scene.pass(1)
        #expect(scene.value == nil)
        #expect(scene.published == [1, nil])
        var status = scene.refreshed.status
        #expect(status.hasExpired && status.currentError == .down)
        #expect(status.failures == ["down": status.failuresInARow])
        #expect(status.attempts == status.failuresInARow + 1 && status.successes == 1)
        // Due at 80 s: at 80, 81, 83, 87, 95 s; after the end at least each 2 s.
        #expect(status.failuresInARow == 5)
        await scene.pass(20)
        #expect(scene.refreshed.status.failuresInARow >= 14)
        scene.answer(.success(100))
        await scene.pass(2)
        status = scene.refreshed.status
        #expect(status.value != nil && status.currentError == nil && status.lastError == .down && !status.hasExpired)
        #expect(status.failuresInARow == 0)
    }

    @Test func `an expired or useless value does not replace a better one`() async {
        let scene = Scene()
        await scene.beat()
        scene.answer(.success(-1))
        await scene.pass(81)
        #expect(scene.value == 1)
        #expect(scene.refreshed.status.currentError == .stale)
        // Within its last ten seconds a value is of no use: it is a success, and the better one stays.
        scene.answer(.success(8))
        await scene.pass(8)
        #expect(scene.value == 1)
        #expect(scene.refreshed.status.currentError == nil)
        #expect(scene.published == [1])
        // Until the present one is worse.
        await scene.pass(8)
        #expect(scene.value != 1)
    }

    @Test(arguments: [-3600.0, 3600]) func `a wall clock that jumps neither extends a value nor prevents a renewal`(jump: Double)
        async
    {
        let scene = Scene()
        await scene.beat()
        scene.jump(wall: jump)
        await scene.pass(81)
        #expect(scene.value == 2)
        scene.answer(.failure(.down))
        scene.jump(wall: -3600)
        await scene.pass(100)
        #expect(scene.value == nil)
    }

    @Test func `a refresh while a fetch runs returns at once, and nothing is due`() async {
        let scene = Scene()
        let release = scene.hold()
        async let running: Void = scene.refresh()
        for await _ in scene.begun.stream { break }
        #expect(scene.refreshed.isRunning && !scene.refreshed.isDue(at: scene.moment))
        for _ in 0..<10 { await scene.refresh() }
        #expect(scene.fetches == 1)
        release()
        await running
        #expect(scene.value == 1 && !scene.refreshed.isRunning)
    }

    @Test func `a cancelled refresh ends the fetch and counts as a failure`() async {
        let scene = Scene()
        let release = scene.hold()
        let running = Task { await scene.refresh() }
        for await _ in scene.begun.stream { break }
        running.cancel()
        release()
        await running.value
        #expect(scene.refreshed.status.currentError == .cancelled)
        #expect(!scene.refreshed.isRunning)
    }

    // MARK: asked for

    @Test func `a value that lasts long enough is not fetched again`() async throws {
        let scene = Scene()
        #expect(try await scene.value(lasting: .seconds(30)) == 1)
        #expect(try await scene.value(lasting: .seconds(99)) == 1)
        #expect(try await scene.value(lasting: .seconds(100)) == 2)
        scene.answer(.failure(.down))
        #expect(try await scene.value(lasting: .seconds(100)) == 2)
        scene.jump(wall: 100)
        await #expect(throws: Outage.down) { try await scene.value(lasting: .seconds(30)) }
    }

    @Test func `a value without an end is reused for a while`() async throws {
        let scene = Scene()
        scene.answer(.success(nil))
        await scene.beat()
        await scene.pass(59)
        #expect(try await scene.value(lasting: .seconds(300)) == 1)
        await scene.pass(1)
        #expect(try await scene.value(lasting: .seconds(300)) == 2)
    }

    @Test func `concurrent callers share one fetch`() async {
        let scene = Scene()
        let release = scene.hold()
        let asking = (0..<20).map { _ in Task { await scene.fetched() } }
        for await _ in scene.begun.stream { break }
        release()
        for task in asking { #expect(await task.value.map { $0 >= 1 } == .success(true)) }
        // Those that came late may have begun another, but never beside the first.
        #expect(scene.mostRunning == 1)
    }

    @Test func `a caller that is cancelled does not cancel the fetch for the others`() async throws {
        let scene = Scene()
        let release = scene.hold()
        let first = Task { await scene.fetched() }
        for await _ in scene.begun.stream { break }
        let second = Task { await scene.fetched() }
        try await Task.sleep(for: .milliseconds(20))
        second.cancel()
        release()
        #expect(await first.value == .success(1))
    }

    @Test func `a fetch that all callers have cancelled is not joined and does not end the next one`() async throws {
        let scene = Scene()
        let release = scene.hold()
        let first = Task { await scene.fetched() }
        var begun = scene.begun.stream.makeAsyncIterator()
        _ = await begun.next()
        first.cancel()
        // The cancelled one still runs.
        let releaseSecond = scene.hold()
        let second = Task { await scene.fetched() }
        _ = await begun.next()
        release()
        #expect(await first.value == .failure(.cancelled))
        #expect(scene.refreshed.isRunning)
        #expect(scene.refreshed.status.failures.isEmpty)
        releaseSecond()
        #expect(await second.value == .success(2))
        #expect(scene.value == 2 && !scene.refreshed.isRunning)
    }
}
