// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ServiceLifecycle
import Synchronization

/// Measures how late event loops do what is due: what occupies a loop delays every request on it.
///
/// Ten times a second a task is due on each loop. If a loop is occupied for longer than that, one of its tasks is late by about as
/// much; of shorter times, some are seen.
final class EventLoopLag: Service, CustomStringConvertible {
    private static let period = TimeAmount.milliseconds(100)
    private static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    let description = "lag of event loops"

    private let loops: [any EventLoop]
    private let now: @Sendable () -> NIODeadline
    private let histogram = Mutex(DurationHistogram(bounds: EventLoopLag.bounds))
    private let isStopped = Atomic(false)

    /// - Parameter now: the clock of the loops
    init(loops: [any EventLoop], now: @escaping @Sendable () -> NIODeadline = { .now() }) {
        self.loops = loops
        self.now = now
    }

    /// How late the tasks on all loops were, since the start.
    var durations: DurationHistogram { histogram.withLock { $0 } }

    func run() async throws {
        start()
        try? await gracefulShutdown()
        stop()
    }

    func start() {
        for loop in loops { schedule(on: loop) }
    }

    /// Ends the measurement. A task that is due does nothing more.
    func stop() {
        isStopped.store(true, ordering: .relaxed)
    }

    private func schedule(on loop: any EventLoop) {
        let due = now() + Self.period
        loop.scheduleTask(deadline: due) { [self] in
            guard !isStopped.load(ordering: .relaxed) else { return }
            let lateness = now() - due
            histogram.withLock { $0.record(Double(max(0, lateness.nanoseconds)) / 1e9) }
            schedule(on: loop)
        }
    }
}
