// SPDX-License-Identifier: Apache-2.0

import Dispatch
import NIOCore
import Synchronization
import SystemPackage

/// Writes audit lines, and tells each request when its lines are written.
///
/// Event loops hand lines over and never wait. A thread writes all that have come together in one group, while the next ones come.
/// Requests whose lines are not written within a second fail; lines that are still queued then are dropped.
final class AuditWriter: Sendable {
    /// Why the lines of a request are not written.
    struct Unavailable: Error {
        /// For operators: `No space left on device`.
        let reason: String
    }

    struct Status: Sendable {
        /// Why lines cannot be written; nil if the last ones were.
        var problem: String? {
            didSet { lastProblem = problem ?? lastProblem }
        }
        /// Why lines could not be written when that was last so.
        private(set) var lastProblem: String?
        /// How long ago lines could not be written for the first time since the last line of ``AuditWriter/probe(_:after:)``.
        var failingFor: TimeAmount?
        /// Why the file that is now at the path cannot be opened, while lines are written to the one that was there; nil if it can.
        var reopeningProblem: String?
        /// What ``reopeningProblem`` means, for operators.
        static let reopeningWarning =
            "the audit log was renamed, and its new file cannot be opened: lines still go to the renamed one"
        var written = 0
        /// Lines of refusals that were dropped, because too many were queued or they could not be written.
        var dropped = 0
        /// Requests that failed since their lines were not written.
        var failedRequests = 0
        /// Lines of ``AuditWriter/probe(_:)`` that were written.
        var probes = 0
        /// Whether there is such a line that is neither written nor has failed.
        fileprivate(set) var hasProbe = false
    }

    /// The lines of one request.
    fileprivate struct Entry {
        /// Each line ends in a newline.
        let bytes: [UInt8]
        let count: Int
        let queuedAt: NIODeadline
        /// Nil if nobody waits, or no longer.
        var promise: EventLoopPromise<Void>?
        /// Whether it is a line of ``AuditWriter/probe(_:after:)``, which does not count.
        var isProbe: Bool { count == 0 }
    }

    fileprivate struct State {
        /// Lines that are not handed to the thread yet.
        var queued: [Entry] = []
        var queuedBytes = 0
        /// Lines that the thread writes now.
        var writing: [Entry] = []
        var writingSince: NIODeadline?
        /// Whether the thread runs, or will when the event loop has read everything that it can.
        var isAwake = false
        var isReopening = false
        var isStopping = false
        /// When lines could not be written for the first time since the last probe.
        var failingSince: NIODeadline?
        var status = Status()
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let stopped = DispatchSemaphore(value: 0)
    private let now: @Sendable () -> NIODeadline

    /// How long a request waits for its lines.
    static let patience = TimeAmount.seconds(1)
    /// The most that is queued, in bytes. A response that waits is about five times as large as its line.
    static let capacity = 4 << 20

    /// Opens the destination, and begins a thread.
    /// - Throws: why it cannot be opened
    init(_ destination: AuditDestination, now: @escaping @Sendable () -> NIODeadline = { .now() }) throws(Unavailable) {
        var destination = destination
        self.now = now
        do {
            try destination.open()
        } catch {
            throw Unavailable(reason: destination.reason(error))
        }
        let queue = DispatchQueue(label: "postern.audit")
        queue.async { [destination] in self.run(destination) }
    }

    var status: Status {
        let now = now()
        return state.withLock { state in
            var status = state.status
            status.failingFor = state.failingSince.map { now - $0 }
            return status
        }
    }

    // MARK: Event loops

    /// Queues the lines of a request.
    /// - Parameters:
    ///   - lines: each ends in a newline
    ///   - loop: the event loop that calls this
    /// - Returns: succeeds on the event loop when all lines are written; fails with ``Unavailable``
    func write(_ lines: [UInt8], count: Int, on loop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        let now = now()
        let (refusal, wakes) = state.withLock { state -> (Unavailable?, Bool) in
            if let problem = state.refusal(of: lines.count, at: now) {
                state.status.failedRequests += 1
                return (problem, false)
            }
            return (nil, state.queue(Entry(bytes: lines, count: count, queuedAt: now, promise: promise)))
        }
        if let refusal { promise.fail(refusal) }
        // After everything that this loop can read now, so that its requests are in one group.
        if wakes { loop.execute { self.wake.signal() } }
        return promise.futureResult
    }

    /// Queues lines for which nothing waits, or drops them.
    func write(_ lines: [UInt8], count: Int) {
        let now = now()
        let wakes = state.withLock { state in
            guard state.refusal(of: lines.count, at: now) == nil else {
                state.status.dropped += count
                return false
            }
            return state.queue(Entry(bytes: lines, count: count, queuedAt: now, promise: nil))
        }
        if wakes { wake.signal() }
    }

    // MARK: Upkeep

    /// Fails the requests that have waited for ``patience``. Call it some times in a second.
    func failLate() {
        let limit = now() - Self.patience
        let late = state.withLock { state in
            let reason = state.status.problem ?? "the audit log has not taken lines for a second"
            var late: [EventLoopPromise<Void>] = []
            for index in state.writing.indices where state.writing[index].queuedAt <= limit {
                if let promise = state.writing[index].promise { late.append(promise) }
                state.writing[index].promise = nil
            }
            let count = state.queued.prefix { $0.queuedAt <= limit }.count
            for entry in state.queued.prefix(count) {
                state.queuedBytes -= entry.bytes.count
                if let promise = entry.promise { late.append(promise) } else { state.status.dropped += entry.count }
                if entry.isProbe { state.status.hasProbe = false }
            }
            state.queued.removeFirst(count)
            state.status.failedRequests += late.count
            if !late.isEmpty { state.fail(reason, since: limit) }
            return (late, Unavailable(reason: reason))
        }
        Self.complete(late.0, .failure(late.1))
    }

    /// Tries to write a line, unless there is such a line already. It also shows whether lines can be written again.
    /// - Parameter probes: what ``Status/probes`` was when the line was made; if it has changed, the line is not needed any more
    /// - Returns: whether it is tried
    func probe(_ line: [UInt8], after probes: Int) -> Bool {
        let now = now()
        let (isQueued, wakes) = state.withLock { state in
            guard !state.status.hasProbe, state.status.probes == probes, state.refusal(of: line.count, at: now) == nil else {
                return (false, false)
            }
            state.status.hasProbe = true
            return (true, state.queue(Entry(bytes: line, count: 0, queuedAt: now, promise: nil)))
        }
        if wakes { wake.signal() }
        return isQueued
    }

    /// Opens the destination again before the next line.
    func reopen() {
        state.withLock { $0.isReopening = true }
        wake.signal()
    }

    /// Writes what is queued, and ends the thread.
    /// - Parameter milliseconds: how long to wait for that
    func stop(milliseconds: Int) {
        state.withLock { $0.isStopping = true }
        wake.signal()
        _ = stopped.wait(timeout: .now() + .milliseconds(milliseconds))
    }

    // MARK: The thread

    private func run(_ destination: AuditDestination) {
        var destination = destination
        var lines: [UInt8] = []
        while true {
            wake.wait()
            while let group = takeGroup() {
                lines.removeAll(keepingCapacity: true)
                for bytes in group.entries { lines += bytes }
                var opening: Errno?
                do throws(Errno) {
                    try destination.open(again: group.isReopening)
                } catch {
                    opening = error
                }
                let (count, writing) = destination.write(lines) { state.withLock(\.isStopping) }
                finishGroup(
                    written: count, error: writing.map { destination.reason(opening ?? $0) },
                    reopening: writing == nil ? opening.map(destination.reason) : nil)
            }
            if state.withLock({ $0.isStopping && $0.queued.isEmpty }) {
                destination.close()
                stopped.signal()
                return
            }
        }
    }

    private func takeGroup() -> (entries: [[UInt8]], isReopening: Bool)? {
        let now = now()
        return state.withLock { state in
            guard !state.queued.isEmpty || state.isReopening else {
                state.isAwake = false
                return nil
            }
            swap(&state.queued, &state.writing)
            state.queuedBytes = 0
            state.writingSince = now
            defer { state.isReopening = false }
            return (state.writing.map(\.bytes), state.isReopening)
        }
    }

    /// - Parameters:
    ///   - count: how many bytes of the group are written
    ///   - error: why it is not the whole group
    ///   - reopening: why the file that is now at the path cannot be opened
    private func finishGroup(written count: Int, error: String?, reopening: String?) {
        let now = now()
        let (done, failed) = state.withLock { state in
            var (done, failed): ([EventLoopPromise<Void>], [EventLoopPromise<Void>]) = ([], [])
            var end = 0
            for entry in state.writing {
                end += entry.bytes.count
                if entry.isProbe { state.status.hasProbe = false }
                if end <= count {
                    state.status.written += entry.count
                    if entry.isProbe {
                        state.status.probes += 1
                        state.failingSince = nil
                    }
                    if let promise = entry.promise { done.append(promise) }
                } else if let promise = entry.promise {
                    failed.append(promise)
                } else {
                    state.status.dropped += entry.count
                }
            }
            // A group without lines, for a reopening, does not show that lines can be written again.
            if let error { state.fail(error, since: now) } else if !state.writing.isEmpty { state.status.problem = nil }
            state.status.reopeningProblem = reopening
            state.writing.removeAll(keepingCapacity: true)
            state.writingSince = nil
            state.status.failedRequests += failed.count
            return (done, failed)
        }
        Self.complete(done, .success(()))
        Self.complete(failed, .failure(Unavailable(reason: error ?? "")))
    }

    /// Completes promises, each on its event loop, all of one loop together.
    private static func complete(_ promises: [EventLoopPromise<Void>], _ result: Result<Void, any Error>) {
        var rest = promises[...]
        while let first = rest.first {
            let loop = first.futureResult.eventLoop
            let own = rest.filter { $0.futureResult.eventLoop === loop }
            if own.count == rest.count { rest = [] } else { rest = rest.filter { $0.futureResult.eventLoop !== loop } }
            loop.execute { for promise in own { promise.completeWith(result) } }
        }
    }
}

extension AuditWriter.State {
    /// Why lines are not queued; nil if there is room.
    fileprivate func refusal(of bytes: Int, at now: NIODeadline) -> AuditWriter.Unavailable? {
        if let writingSince, writingSince <= now - AuditWriter.patience {
            return AuditWriter.Unavailable(reason: status.problem ?? "the audit log has not taken lines for a second")
        }
        if queuedBytes + bytes > AuditWriter.capacity {
            return AuditWriter.Unavailable(reason: "more than \(AuditWriter.capacity) bytes wait for the audit log")
        }
        return nil
    }

    fileprivate mutating func fail(_ reason: String, since: NIODeadline) {
        status.problem = reason
        failingSince = failingSince ?? since
    }

    /// - Returns: whether the thread must be woken
    fileprivate mutating func queue(_ entry: AuditWriter.Entry) -> Bool {
        queued.append(entry)
        queuedBytes += entry.bytes.count
        defer { isAwake = true }
        return !isAwake
    }
}
