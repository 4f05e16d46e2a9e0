// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOPosix
import RuleFiles
import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Looks at the files of rules, keys and certificates again and again, and puts what has changed into force.
///
/// Files are read on a thread of its own, since a file system may be slow. Requests do not wait for it.
struct ReloadService: Service, CustomStringConvertible {
    typealias Sleep = @Sendable (Duration) async -> Void

    /// How long a swap waits for new keys and credentials.
    private static let fetchTimeout = Duration.seconds(2)
    /// How long after a swap the snapshot before is freed, when no request uses it any more.
    private static let releaseDelay = Duration.milliseconds(100)

    let state: ServiceState
    let log: ReloadLog
    let refreshLog: RefreshLog
    let threshold: LogThreshold
    let clock: ServiceClock
    /// Asks for a look at all files.
    let requests: LookRequests
    var sleep: Sleep = { try? await Task.sleep(for: $0) }

    /// The name in the log of ServiceLifecycle, which would otherwise print the contents.
    var description: String { "reload of rules, keys and certificates" }

    func run() async throws {
        await cancelWhenGracefulShutdown { await lookForChanges() }
    }

    private func lookForChanges() async {
        let thread = BlockingThread()
        var schedule = LookSchedule(at: clock.uptime())
        var fetches: [InitialFetch] = []
        while !Task.isCancelled {
            let isAsked = await requests.wait(schedule.pause(state.current.settings.reload), sleep)
            guard !Task.isCancelled else { break }
            schedule.begin(isAsked: isAsked, at: clock.uptime())
            if isAsked { log.beganFullReading() }
            let (state, everything, now) = (state, schedule.readsEverything, clock.now())
            guard
                let (outcome, cost) = await thread.run({
                    state.freeUnused()
                    let start = BlockingThread.processorTime
                    let outcome = state.reloader.look(everything: everything, after: state.current, at: now)
                    return (outcome, BlockingThread.processorTime - start)
                })
            else { break }
            state.reloads.looked(at: clock.moment())
            if let change = outcome.change {
                guard let fetch = await adopt(change, on: thread) else { break }
                fetches = fetches.filter(\.isRunning) + [fetch]
            } else if schedule.isAsked, !outcome.isUnsettled {
                log.foundNothing()
            }
            let wasAsked = schedule.isAsked
            schedule.end(isUnsettled: outcome.isUnsettled, cost: cost, at: clock.uptime())
            if wasAsked, !schedule.isAsked { requests.end() }
        }
        // No credential_process may outlive the service.
        for fetch in fetches { await fetch.cancel() }
    }

    /// Puts a change into force, after what it needs has been fetched or two seconds have passed.
    /// - Returns: the fetches, of which some may go on; nil if the service stops
    private func adopt(_ change: Reloader.Change, on thread: BlockingThread) async -> InitialFetch? {
        let fetch = InitialFetch(change.next?.newSources ?? [], refreshLog, isStarting: false)
        await fetch.wait(timeout: Self.fetchTimeout)
        guard await put(change.next?.snapshot, on: thread) else {
            await fetch.cancel()
            return nil
        }
        let before = state.reloads.report.heldBack.map(\.file)
        state.reloads.judged(change, generation: state.current.generation, at: clock.moment())
        log.judged(change, heldBackBefore: before)
        if change.next != nil {
            await sleep(Self.releaseDelay)
            _ = await thread.run { [state] in state.freeUnused() }
        }
        return fetch
    }

    /// - Parameter snapshot: nil if there is none to put into force
    /// - Returns: whether the service goes on
    private func put(_ snapshot: ServiceSnapshot?, on thread: BlockingThread) async -> Bool {
        guard let snapshot, !Task.isCancelled else { return !Task.isCancelled }
        guard await thread.run({ [state] in state.replace(with: snapshot) }) != nil else { return false }
        threshold.level = snapshot.settings.logLevel
        return true
    }
}

/// When files are looked at, and whether all are read. Pure: the time is a parameter.
struct LookSchedule {
    /// The longest time from a look that differs from the one before to the next.
    private static let settlingTime = Duration.milliseconds(200)
    /// How often all files are read, whatever their stamps say.
    private static let fullReadingInterval = Duration.seconds(300)
    /// After so many looks in a row that differ, a file changes all the time: then looks are as far apart as otherwise.
    private static let maximumDifferences = 10
    /// The time between looks then, where looks are otherwise only at requests: files may be written for long.
    private static let slowSettlingTime = Duration.seconds(5)

    /// The pause after a look is at least so many times as long as the processor time that it took, so that looks at a hundred thousand
    /// files take 4 % of a processor at most.
    private static let pausePerCost = 24
    /// However much a look costs.
    private static let maximumPauseForCost = Duration.seconds(60)

    /// Whether all files are read, until they have settled.
    private(set) var readsEverything = false
    /// Whether somebody has asked for that.
    private(set) var isAsked = false
    /// How many looks in a row have differed from the one before.
    private var differences = 0
    private var lastFullReading: Duration
    /// The processor time of the last look that stamps alone decided.
    private var cost = Duration.zero

    /// - Parameter uptime: when the files were read at the start
    init(at uptime: Duration) {
        lastFullReading = uptime
    }

    /// The time until the next look; nil if it is only at a request.
    /// - Parameter interval: the setting `reload`; zero for only at requests
    func pause(_ interval: Duration) -> Duration? {
        if interval == .zero {
            return isSettling ? Self.settlingTime : differences > 0 ? Self.slowSettlingTime : nil
        }
        if isSettling { return min(interval, Self.settlingTime) }
        return max(interval, min(cost * Self.pausePerCost, Self.maximumPauseForCost))
    }

    private var isSettling: Bool { (1..<Self.maximumDifferences).contains(differences) }

    mutating func begin(isAsked: Bool, at uptime: Duration) {
        if isAsked { self.isAsked = true }
        if isAsked || uptime - lastFullReading >= Self.fullReadingInterval { readsEverything = true }
    }

    /// - Parameter cost: the processor time of the look
    mutating func end(isUnsettled: Bool, cost: Duration = .zero, at uptime: Duration) {
        if !isUnsettled, differences == 0, !readsEverything { self.cost = cost }
        differences = isUnsettled ? min(differences + 1, Self.maximumDifferences) : 0
        guard !isSettling, readsEverything else { return }
        (readsEverything, isAsked) = (false, false)
        lastFullReading = uptime
    }
}

/// Wakes ``ReloadService`` before its time.
package final class LookRequests: Sendable {
    private struct State {
        var isRequested = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let onRequest: @Sendable () -> Void
    private let onEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - onRequest: called at each request; must not block
    ///   - onEnd: called when all that was asked for has been done, in order with `onRequest`; must not block
    package init(onRequest: @escaping @Sendable () -> Void = {}, onEnd: @escaping @Sendable () -> Void = {}) {
        self.onRequest = onRequest
        self.onEnd = onEnd
    }

    /// Asks for a look at all files, as soon as a running one has ended.
    package func request() {
        let waiting = state.withLock { state in
            state.isRequested = true
            onRequest()
            return state.waiting.take()
        }
        waiting?.resume()
    }

    /// The looks that were asked for have ended. If there is another request by now, its looks come first.
    func end() {
        state.withLock { if !$0.isRequested { onEnd() } }
    }

    /// Waits until the time has passed, there is a request, or the task is cancelled.
    /// - Parameter pause: nil for any time
    /// - Returns: whether there was a request
    func wait(_ pause: Duration?, _ sleep: @escaping ReloadService.Sleep) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitForRequest() }
            if let pause { group.addTask { await sleep(pause) } }
            await group.next()
            group.cancelAll()
        }
        return state.withLock { state in
            defer { state.isRequested = false }
            return state.isRequested
        }
    }

    private func waitForRequest() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isRequested || Task.isCancelled { return true }
                    state.waiting = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.take() }?.resume()
        }
    }
}

/// A thread for work that blocks.
private final class BlockingThread: Sendable {
    private let pool = NIOThreadPool(numberOfThreads: 1)

    init() {
        pool.start()
    }

    deinit {
        pool.shutdownGracefully { _ in }
    }

    /// The processor time that the thread which asks has used.
    static var processorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Does work on the thread.
    /// - Returns: nil if the task is cancelled first: a stop does not wait for a file system. The work goes on then.
    func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result? {
        let (results, continuation) = AsyncStream<Result>.makeStream()
        pool.submit { _ in
            continuation.yield(work())
            continuation.finish()
        }
        return await results.first { _ in true }
    }
}
