// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import OutgoingHTTP
import PosternTestSupport
import Synchronization
import Testing

@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct RefreshServiceTests {
    /// A source whose fetches a test ends.
    private final class Source: RefreshedSource {
        let isBounded: Bool
        private struct State {
            var isDue: Bool
            var began = 0
            var cancelled = 0
            var expired = 0
            var isHeld: Bool
        }
        private let state: Mutex<State>

        init(isDue: Bool = true, isHeld: Bool = false, isBounded: Bool = false) {
            state = Mutex(State(isDue: isDue, isHeld: isHeld))
            self.isBounded = isBounded
        }

        var began: Int { state.withLock { $0.began } }
        var cancelled: Int { state.withLock { $0.cancelled } }
        var expired: Int { state.withLock { $0.expired } }

        func isDue(at moment: Moment) -> Bool { state.withLock { $0.isDue } }
        func expire(at moment: Moment) { state.withLock { $0.expired += 1 } }
        func unavailableReason(at now: Date) -> String? { nil }
        func release() { state.withLock { $0.isHeld = false } }

        func refresh(_ clock: @escaping @Sendable () -> Moment) async {
            state.withLock {
                $0.began += 1
                $0.isDue = false
            }
            while state.withLock({ $0.isHeld }) {
                if Task.isCancelled { return state.withLock { $0.cancelled += 1 } }
                try? await Task.sleep(for: .milliseconds(2))
            }
        }

        func report(at moment: Moment) -> RefreshReport {
            let line = RefreshReport.Line(level: .info, message: "", metadata: [:])
            return RefreshReport(
                results: [("ok", state.withLock { $0.began })], failuresInARow: 0, lastError: nil, lastErrorAgeSeconds: nil,
                isPermanent: false, content: "", subject: [:], failureLine: line, successLine: line)
        }
    }

    private static let log = RefreshLog(logger: LogRecorder().logger())

    private func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(2)) }
    }

    @Test func `sources that are due are fetched, all expire, and the end cancels what still runs`() async throws {
        let (due, idle, held, starting) = (Source(), Source(isDue: false), Source(isHeld: true), Source(isHeld: true))
        let initialFetch = InitialFetch([starting], Self.log, isStarting: true)
        let service = RefreshService(
            sources: { [due, idle, held] }, initialFetch: initialFetch, logger: LogRecorder().logger(), clock: .system)
        let task = Task { try await service.run() }
        try await until { due.began == 1 && held.began == 1 && idle.expired >= 2 && starting.began == 1 }
        #expect(idle.began == 0 && due.expired >= 1 && held.expired >= 1)
        task.cancel()
        try await task.value
        #expect(held.cancelled == 1 && starting.cancelled == 1)
        #expect(due.began == 1 && idle.began == 0)
    }

    @Test func `a bounded source gives its place back`() async throws {
        let sources = (0..<RefreshQueue.capacity + 8).map { _ in Source(isBounded: true) }
        let service = RefreshService(
            sources: { sources }, initialFetch: InitialFetch([], Self.log, isStarting: true), logger: LogRecorder().logger(),
            clock: .system)
        let task = Task { try await service.run() }
        try await until { sources.allSatisfy { $0.began == 1 } }
        task.cancel()
        try await task.value
    }

    @Test func `the start waits for all first fetches`() async throws {
        let sources = [Source(), Source(isHeld: true)]
        let fetch = InitialFetch(sources, Self.log, isStarting: true)
        let released = Task {
            try await until { sources[1].began == 1 }
            sources[1].release()
        }
        await fetch.wait(timeout: .seconds(600))
        #expect(sources.map(\.began) == [1, 1])
        try await released.value
        await fetch.cancel()
        #expect(sources.map(\.cancelled) == [0, 0])
    }

    @Test func `a fetch that takes longer than the start goes on until it is cancelled`() async throws {
        let source = Source(isHeld: true)
        let fetch = InitialFetch([source], Self.log, isStarting: true)
        await fetch.wait(timeout: .milliseconds(20))
        try await until { source.began == 1 }
        #expect(source.cancelled == 0)
        await fetch.cancel()
        #expect(source.cancelled == 1)
    }
}
