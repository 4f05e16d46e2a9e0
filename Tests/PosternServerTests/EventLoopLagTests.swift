// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import PosternServer

struct EventLoopLagTests {
    /// A clock that runs ahead of the loop's.
    private final class Clock: Sendable {
        private let state = Mutex(NIODeadline.uptimeNanoseconds(0))

        var now: NIODeadline {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }

    @Test func `a task that is late is counted with its lateness, ten times a second`() {
        let (loop, clock) = (EmbeddedEventLoop(), Clock())
        let lag = EventLoopLag(loops: [loop]) { clock.now }
        lag.start()
        // The loop is on time.
        for _ in 0..<3 {
            clock.now = clock.now + .milliseconds(100)
            loop.advanceTime(by: .milliseconds(100))
        }
        #expect(lag.durations.count == 3 && lag.durations.sum == 0)
        // The loop is occupied for 370 ms, and then does what is due.
        clock.now = clock.now + .milliseconds(470)
        loop.advanceTime(by: .milliseconds(470))
        #expect(lag.durations.count == 4 && abs(lag.durations.sum - 0.37) < 1e-9)
        #expect(lag.durations.buckets[lag.durations.bounds.firstIndex(of: 0.5) ?? 0] == 1)
        lag.stop()
        clock.now = clock.now + .seconds(10)
        loop.advanceTime(by: .seconds(10))
        #expect(lag.durations.count == 4)
    }

    @Test func `each loop is measured, and none is early`() {
        let (loops, clock) = ([EmbeddedEventLoop(), EmbeddedEventLoop()], Clock())
        let lag = EventLoopLag(loops: loops) { clock.now }
        lag.start()
        clock.now = clock.now + .milliseconds(130)
        loops[0].advanceTime(by: .milliseconds(100))
        #expect(lag.durations.count == 1 && abs(lag.durations.sum - 0.03) < 1e-9)
        // A clock that is behind the loop's.
        clock.now = .uptimeNanoseconds(99_000_000)
        loops[1].advanceTime(by: .milliseconds(100))
        #expect(lag.durations.count == 2 && abs(lag.durations.sum - 0.03) < 1e-9)
    }

    @Test(.timeLimit(.minutes(5))) func `each loop is measured`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let lag = EventLoopLag(loops: Array(group.makeIterator()))
        lag.start()
        while lag.durations.count < 6 { try await Task.sleep(for: .milliseconds(20)) }
        lag.stop()
        try await group.shutdownGracefully()
    }
}
