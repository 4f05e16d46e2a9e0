// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import NIOCore
import NIOPosix
import PosternTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import PosternServer

/// When requests learn whether their lines are written.
struct AuditWriterTests {
    private let folder: TemporaryFolder
    private let path: String
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/audit.jsonl"
    }

    private final class Clock: Sendable {
        private let time = Atomic<Int64>(1_000_000_000_000)
        var now: NIODeadline { .uptimeNanoseconds(UInt64(time.load(ordering: .relaxed))) }
        func advance(by amount: TimeAmount) { time.add(amount.nanoseconds, ordering: .relaxed) }
    }

    /// A write that waits until it may go on, as on a disk that does not answer.
    private final class Gate: Sendable {
        private let entered = DispatchSemaphore(value: 0)
        private let opened = DispatchSemaphore(value: 0)
        private let isClosed = Atomic(true)
        private let error = Mutex<Errno?>(nil)

        var calls: AuditDestination.SystemCalls {
            var calls = AuditDestination.SystemCalls()
            let system = calls.write
            calls.write = { descriptor, bytes throws(Errno) in
                if self.isClosed.load(ordering: .acquiring) {
                    self.entered.signal()
                    self.opened.wait()
                }
                if let error = self.error.withLock({ $0 }) { throw error }
                return try system(descriptor, bytes)
            }
            return calls
        }

        func open(failing failure: Errno? = nil) {
            error.withLock { $0 = failure }
            if isClosed.exchange(false, ordering: .acquiringAndReleasing) { opened.signal() }
        }

        /// Waits until a write has begun.
        func waitForWrite() { entered.wait() }
    }

    private func write(_ text: String, to writer: AuditWriter) -> EventLoopFuture<Void> {
        loop.flatSubmit { [loop] in writer.write(Array(text.utf8), count: 1, on: loop) }
    }

    private func reason(_ future: EventLoopFuture<Void>) async -> String? {
        do {
            try await future.get()
            return nil
        } catch {
            return (error as? AuditWriter.Unavailable)?.reason ?? "\(error)"
        }
    }

    private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `a request goes on when its line is in the file, on its event loop`() async throws {
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: true))
        defer { writer.stop(milliseconds: 60_000) }
        for number in 1...50 {
            let isWritten = write("line \(number)\n", to: writer).map { [loop, path] in
                loop.inEventLoop && (try? String(contentsOfFile: path, encoding: .utf8))?.hasSuffix("line \(number)\n") ?? false
            }
            #expect(try await isWritten.get())
        }
        #expect(writer.status.written == 50 && writer.status.problem == nil)
    }

    @Test func `lines that come while the disk is slow are written together, in their order`() async throws {
        let gate = Gate()
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls))
        defer { writer.stop(milliseconds: 60_000) }
        let first = write("0\n", to: writer)
        gate.waitForWrite()
        var others: [EventLoopFuture<Void>] = []
        for number in 1...99 { others.append(write("\(number)\n", to: writer)) }
        gate.open()
        try await first.get()
        for future in others { try await future.get() }
        #expect(try text() == (0...99).map { "\($0)\n" }.joined())
    }

    @Test func `a failed write fails its requests, and the next one can succeed`() async throws {
        let gate = Gate()
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls))
        defer { writer.stop(milliseconds: 60_000) }
        gate.open(failing: .noSpace)
        #expect(await reason(write("lost\n", to: writer)) == "\(path): \(Errno.noSpace)")
        #expect(writer.status.problem == "\(path): \(Errno.noSpace)" && writer.status.failedRequests == 1)
        gate.open()
        #expect(await reason(write("kept\n", to: writer)) == nil)
        #expect(writer.status.problem == nil)
        #expect(try text() == "kept\n")
    }

    @Test func `opening the file again does not hide that lines cannot be written`() async throws {
        let gate = Gate()
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls))
        defer { writer.stop(milliseconds: 60_000) }
        gate.open(failing: .noSpace)
        #expect(await reason(write("lost\n", to: writer)) != nil)
        try FileManager.default.removeItem(atPath: path)
        writer.reopen()
        while !FileManager.default.fileExists(atPath: path) { try await Task.sleep(for: .milliseconds(1)) }
        for _ in 0..<50 {
            #expect(writer.status.problem != nil)
            try await Task.sleep(for: .milliseconds(1))
        }
        gate.open()
        #expect(await reason(write("kept\n", to: writer)) == nil)
        #expect(try text() == "kept\n" && writer.status.problem == nil)
    }

    @Test func `while the new file cannot be opened, tickets go on with the renamed one`() async throws {
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false))
        defer { writer.stop(milliseconds: 60_000) }
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(await reason(write("one\n", to: writer)) == nil)
        #expect(writer.status.problem == nil && writer.status.reopeningProblem == "\(path): \(Errno.isDirectory)")
        try FileManager.default.removeItem(atPath: path)
        #expect(await reason(write("two\n", to: writer)) == nil)
        #expect(writer.status.reopeningProblem == nil)
        #expect(try String(contentsOfFile: path + ".1", encoding: .utf8) == "one\n" && text() == "two\n")
    }

    @Test func `after a second requests fail, what was queued is dropped, and nothing more is queued`() async throws {
        let (clock, gate) = (Clock(), Gate())
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
        defer { writer.stop(milliseconds: 60_000) }
        let first = write("first\n", to: writer)
        gate.waitForWrite()
        clock.advance(by: .milliseconds(400))
        let second = write("second\n", to: writer)
        // It has been queued when this returns.
        try await loop.submit {}.get()
        writer.failLate()
        clock.advance(by: .milliseconds(600))
        writer.failLate()
        #expect(await reason(first) != nil)
        #expect(await reason(write("third\n", to: writer)) != nil, "the disk has not answered for a second")
        clock.advance(by: .milliseconds(400))
        writer.failLate()
        #expect(await reason(second) != nil)
        #expect(writer.status.failedRequests == 3 && writer.status.problem != nil)
        gate.open()
        // The line that the disk had already is there; the others were never sent.
        var last = await reason(write("fourth\n", to: writer))
        while last != nil { last = await reason(write("fourth\n", to: writer)) }
        #expect(try text() == "first\nfourth\n" && writer.status.problem == nil)
    }

    @Test func `what is queued has a bound, and a refusal's line is dropped rather than queued`() async throws {
        let gate = Gate()
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls))
        defer { writer.stop(milliseconds: 60_000) }
        let first = write("first\n", to: writer)
        gate.waitForWrite()
        let piece = Array((String(repeating: "x", count: 1023) + "\n").utf8)
        for _ in 0..<(AuditWriter.capacity / 1024) { writer.write(piece, count: 1) }
        #expect(writer.status.dropped == 0)
        writer.write(piece, count: 1)
        #expect(writer.status.dropped == 1)
        #expect(await reason(write("one more\n", to: writer)) == "more than 4194304 bytes wait for the audit log")
        gate.open()
        try await first.get()
        try await write("there is room again\n", to: writer).get()
        #expect(try text().utf8.count == 6 + AuditWriter.capacity + 20)
    }

    @Test func `a stop writes what is queued`() async throws {
        let gate = Gate()
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls))
        let first = write("first\n", to: writer)
        gate.waitForWrite()
        writer.write(Array("second\n".utf8), count: 1)
        gate.open()
        writer.stop(milliseconds: 60_000)
        #expect(try text() == "first\nsecond\n")
        try await first.get()
    }

    @Test func `a log that cannot be opened is said at once`() {
        #expect(throws: AuditWriter.Unavailable.self) {
            try AuditWriter(AuditDestination(folder.path, isSynchronous: false))
        }
    }
}
