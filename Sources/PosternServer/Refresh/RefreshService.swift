// SPDX-License-Identifier: Apache-2.0

import Logging
import OutgoingHTTP
import ServiceLifecycle
import Synchronization

/// Fetches keys and credentials in the background when they are due.
///
/// It checks every source twice a second instead of setting a timer for each: what is due follows from the clocks at that time,
/// so a machine that slept, or whose clock was set, is up to date again after half a second.
struct RefreshService: Service, CustomStringConvertible {
    private static let interval = Duration.milliseconds(500)

    private let sources: @Sendable () -> [any RefreshedSource]
    private let initialFetch: InitialFetch
    private let log: RefreshLog
    private let clock: ServiceClock
    private let queue = RefreshQueue()

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    let description = "refresh of keys and credentials"

    /// - Parameters:
    ///   - sources: read at each check
    ///   - initialFetch: cancelled when the service stops
    init(
        sources: @escaping @Sendable () -> [any RefreshedSource], initialFetch: InitialFetch, logger: Logger, clock: ServiceClock
    ) {
        self.sources = sources
        self.initialFetch = initialFetch
        self.clock = clock
        log = RefreshLog(logger: logger, clock: clock)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    fetchDueSources(in: &group)
                    try? await Task.sleep(for: Self.interval)
                }
                group.cancelAll()
            }
        }
        await initialFetch.cancel()
    }

    private func fetchDueSources(in group: inout DiscardingTaskGroup) {
        let sources = sources()
        let moment = clock.moment()
        for source in sources { source.expire(at: moment) }
        for source in queue.next(of: sources, at: moment) {
            group.addTask { [log, queue] in
                await log.refresh(source)
                queue.finish(source)
            }
        }
    }
}

/// The first fetch of every source. It begins before the listener opens, and may go on while the service runs.
final class InitialFetch: Sendable {
    private let tasks: [Task<Void, Never>]
    private let progress: Progress

    private final class Progress: Sendable {
        let remaining: Atomic<Int>
        /// Whether the start still waits, and will report permanent errors itself.
        let isWaitedFor = Atomic(true)

        init(count: Int) {
            remaining = Atomic(count)
        }
    }

    /// Begins as many fetches as may run at the same time; the others follow in the background.
    init(_ sources: [any RefreshedSource], _ log: RefreshLog) {
        let first = RefreshQueue().next(of: sources, at: log.clock.moment())
        let progress = Progress(count: first.count)
        self.progress = progress
        tasks = first.map { source in
            Task {
                await log.refresh(source) { progress.isWaitedFor.load(ordering: .relaxed) }
                progress.remaining.subtract(1, ordering: .releasing)
            }
        }
    }

    /// Waits until all fetches have ended or the timeout has passed; fetches that still run go on.
    func wait(timeout: Duration) async {
        let deadline = ContinuousClock.now + timeout
        while progress.remaining.load(ordering: .acquiring) > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(10))
        }
        progress.isWaitedFor.store(false, ordering: .relaxed)
    }

    /// Cancels the fetches that still run, and waits for their end: no `credential_process` may outlive the service.
    func cancel() async {
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}

/// Chooses which sources are fetched next. Bounded sources have a limited number of places, taken in turn, so that sources that
/// fail and are due again do not delay the others.
final class RefreshQueue: Sendable {
    /// The most fetches of bounded sources at once.
    static let capacity = 32

    private struct State {
        var running = 0
        /// Where the next round begins: at the first source that had no place.
        var start = 0
    }

    private let state = Mutex(State())

    /// Returns the sources to fetch now. Call ``finish(_:)`` for each.
    func next(of all: [any RefreshedSource], at moment: Moment) -> [any RefreshedSource] {
        state.withLock { state in
            var chosen: [any RefreshedSource] = []
            var firstWithoutPlace: Int?
            for offset in all.indices {
                let index = (state.start + offset) % all.count
                let source = all[index]
                if source.isBounded, state.running >= Self.capacity {
                    firstWithoutPlace = firstWithoutPlace ?? index
                    continue
                }
                guard source.isDue(at: moment) else { continue }
                chosen.append(source)
                if source.isBounded { state.running += 1 }
            }
            state.start = firstWithoutPlace ?? state.start
            return chosen
        }
    }

    func finish(_ source: any RefreshedSource) {
        guard source.isBounded else { return }
        state.withLock { $0.running -= 1 }
    }
}

/// Fetches keys and credentials and logs the result: every change, and repeated failures at a decreasing rate.
struct RefreshLog: Sendable {
    let logger: Logger
    var clock = ServiceClock.system

    /// - Parameter isStarting: whether a permanent error ends the start, which reports it
    func refresh(_ source: any RefreshedSource, isStarting: () -> Bool = { false }) async {
        let before = source.report(at: clock.moment())
        await source.refresh(clock.moment)
        let after = source.report(at: clock.moment())
        var metadata = after.subject
        if after.failures > before.failures, let error = after.lastError, after.failuresInARow > 0 {
            if isStarting(), after.isPermanent { return }
            guard Self.isLogged(failuresInARow: after.failuresInARow) || error != before.lastError else { return }
            metadata["error"] = "\(error)"
            metadata["failures"] = "\(after.failuresInARow)"
            log(after.failureLine, metadata)
        } else if after.successes > before.successes, after.content != before.content || before.failuresInARow > 0 {
            log(after.successLine, metadata)
        }
    }

    private func log(_ line: RefreshReport.Line, _ metadata: Logger.Metadata) {
        logger.log(level: line.level, line.message, metadata: metadata.merging(line.metadata) { $1 })
    }

    /// The failures 1, 2, 4, 8, … in a row.
    private static func isLogged(failuresInARow failures: Int) -> Bool {
        failures & (failures - 1) == 0
    }
}
