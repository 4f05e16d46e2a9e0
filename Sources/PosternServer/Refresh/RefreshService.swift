// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import OutgoingHTTP
import PostPolicy
import ServiceLifecycle
import Synchronization
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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

/// The first fetch of every source, at the start and for new rules. It begins before the listener opens, or the rules are in force,
/// and may go on while the service runs.
final class InitialFetch: Sendable {
    private let tasks: [Task<Void, Never>]
    private let progress: Progress

    private final class Progress: Sendable {
        let remaining: Atomic<Int>
        /// Whether startup still waits for the fetches, and will report permanent errors itself.
        let isWaitedFor: Atomic<Bool>

        init(count: Int, isStarting: Bool) {
            remaining = Atomic(count)
            isWaitedFor = Atomic(isStarting)
        }
    }

    /// Begins as many fetches as may run at the same time; the others follow in the background.
    /// - Parameter isStarting: whether permanent errors abort the start, which then reports them
    init(_ sources: [any RefreshedSource], _ log: RefreshLog, isStarting: Bool) {
        let first = RefreshQueue().next(of: sources, at: log.clock.moment())
        let progress = Progress(count: first.count, isStarting: isStarting)
        self.progress = progress
        tasks = first.map { source in
            Task {
                await log.refresh(source) { progress.isWaitedFor.load(ordering: .relaxed) }
                progress.remaining.subtract(1, ordering: .releasing)
            }
        }
    }

    /// Whether some fetch has not ended.
    var isRunning: Bool { progress.remaining.load(ordering: .acquiring) > 0 }

    /// Waits until all fetches have ended or the timeout has passed; fetches that still run go on.
    func wait(timeout: Duration) async {
        let deadline = ContinuousClock.now + timeout
        while isRunning, ContinuousClock.now < deadline, !Task.isCancelled {
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
    /// The maximum number of concurrent fetches of bounded sources.
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

    /// - Parameter isStarting: whether a permanent error aborts startup, which then reports it
    func refresh(_ source: any RefreshedSource, isStarting: () -> Bool = { false }) async {
        let before = source.report(at: clock.moment())
        await source.refresh(clock.moment)
        let after = source.report(at: clock.moment())
        var metadata = after.subject
        if after.failures > before.failures, let error = after.lastError, after.failuresInARow > 0 {
            if isStarting(), after.isPermanent { return }
            guard Self.isLogged(failuresInARow: after.failuresInARow) || error != before.lastError else { return }
            metadata["error"] = "\(error)"
            metadata["failures"] = .stringConvertible(after.failuresInARow)
            log(after.failureLine, metadata)
        } else if after.successes > before.successes, after.content != before.content || before.failuresInARow > 0 {
            log(after.successLine, metadata)
        }
    }

    private func log(_ line: RefreshReport.Line, _ metadata: Logger.Metadata) {
        logger.log(level: line.level, line.message, metadata: metadata.merging(line.metadata) { $1 })
    }

    /// Whether a failure is logged: the 1st, 2nd, 4th, 8th, … in a row.
    private static func isLogged(failuresInARow failures: Int) -> Bool {
        failures & (failures - 1) == 0
    }
}

/// A value that is fetched in the background, as ``RefreshService``, the log, `/readyz` and the metrics see it.
protocol RefreshedSource: AnyObject, Sendable {
    /// Whether ``RefreshQueue`` limits how many are fetched at the same time.
    var isBounded: Bool { get }

    func isDue(at moment: Moment) -> Bool
    /// Drops a value that has expired.
    func expire(at moment: Moment)
    /// Fetches the value; returns at once if a fetch is running.
    func refresh(_ clock: @escaping @Sendable () -> Moment) async
    /// Says why requests that need the value fail, with the name of the source; nil if they do not.
    func unavailableReason(at now: Date) -> String?
    func report(at moment: Moment) -> RefreshReport
}

/// The status of a source, for operators. It contains no secret.
struct RefreshReport {
    /// Completed fetches, by result: `ok`, or a kind of failure.
    let results: [(result: String, count: Int)]
    let failuresInARow: Int
    let lastError: String?
    let lastErrorAgeSeconds: Int?
    /// Whether only an operator can fix the last error.
    let isPermanent: Bool
    /// Identifies the value in use: a fetch that does not change it is not logged.
    let content: String
    /// The metadata of each log line about the source.
    let subject: Logger.Metadata
    let failureLine: Line
    let successLine: Line

    struct Line {
        let level: Logger.Level
        let message: Logger.Message
        let metadata: Logger.Metadata
    }

    var successes: Int { results.lazy.filter { $0.result == "ok" }.map(\.count).reduce(0, +) }
    var failures: Int { results.lazy.map(\.count).reduce(0, +) - successes }
}

extension RemoteKeys: RefreshedSource {
    /// Hundreds of slow providers must not use up the file descriptors that connections need.
    var isBounded: Bool { true }

    func unavailableReason(at now: Date) -> String? {
        keys.current == nil ? "issuer \(issuer): its keys have not been fetched" : nil
    }

    func report(at moment: Moment) -> RefreshReport {
        let status = status(at: moment)
        var fetched: Logger.Metadata = ["keyIds": "\(status.keyIDs.map { $0 ?? "-" }.joined(separator: " "))"]
        if !status.unexpected.isEmpty { fetched["skipped"] = "\(status.unexpected.prefix(4).joined(separator: "; "))" }
        return RefreshReport(
            results: [("ok", status.successes)] + status.failures.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
            failuresInARow: status.failuresInARow,
            lastError: status.lastError,
            lastErrorAgeSeconds: status.lastErrorAgeSeconds,
            isPermanent: false,
            content: "\(status.hasKeys) \(status.keyIDs) \(status.skipped)",
            subject: ["issuer": "\(status.issuer)"],
            failureLine: .init(
                level: .warning,
                message: status.hasKeys
                    ? "the issuer's keys cannot be fetched: the last ones stay in use"
                    : "the issuer's keys cannot be fetched: its tokens get 503 until they can",
                metadata: status.ageSeconds.map { ["ageSeconds": .stringConvertible($0)] } ?? [:]),
            successLine: .init(level: .notice, message: "the issuer's keys were fetched", metadata: fetched)
        )
    }
}

extension RefreshingCredentials: RefreshedSource {
    var isBounded: Bool { false }

    func unavailableReason(at now: Date) -> String? { problem(at: now).map { "credentials of \(source): \($0)" } }

    func report(at moment: Moment) -> RefreshReport {
        let status = status(at: moment)
        let serves = problem(at: moment.date) == nil
        var fetched: Logger.Metadata = [:]
        if let provider = status.provider { fetched["provider"] = "\(provider)" }
        if let suffix = status.accessKeySuffix { fetched["accessKeySuffix"] = "\(suffix)" }
        if let end = status.expiration { fetched["expiresAt"] = "\(end.rfc3339)" }
        return RefreshReport(
            results: [("ok", status.successes), ("failed", status.failures)],
            failuresInARow: status.failuresInARow,
            lastError: status.problem?.description,
            lastErrorAgeSeconds: status.problemAgeSeconds.map { Int($0) },
            isPermanent: status.problem?.isTransient == false,
            // Each fetch is logged, since readers of the store's log look for the access key.
            content: "\(status.successes)",
            subject: ["source": "\(status.source)"],
            failureLine: .init(
                level: serves ? .warning : .error,
                message: serves
                    ? "credentials cannot be renewed: the current ones are used until they expire"
                    : "credentials cannot be fetched: ticket requests get 503 until they can",
                metadata: status.remaining.map { ["remainingSeconds": .stringConvertible(Int($0))] } ?? [:]),
            successLine: .init(level: .notice, message: "credentials were fetched", metadata: fetched)
        )
    }
}
