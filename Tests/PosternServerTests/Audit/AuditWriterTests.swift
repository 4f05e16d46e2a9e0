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
@Suite(.timeLimit(.minutes(5)))
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
        let (clock, gate) = (Clock(), Gate())
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
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
        let (clock, gate) = (Clock(), Gate())
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
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

    @Test func `a line without its newline is not written`() async throws {
        let calls = Mutex(0)
        var replaced = AuditDestination.SystemCalls()
        let system = replaced.write
        replaced.write = { descriptor, bytes throws(Errno) in
            switch calls.withLock({ calls in
                calls += 1; return calls
            }) {
            case 1: return try system(descriptor, UnsafeRawBufferPointer(rebasing: bytes.dropLast()))
            case 2: throw .noSpace
            default: return try system(descriptor, bytes)
            }
        }
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: replaced))
        defer { writer.stop(milliseconds: 60_000) }
        #expect(await reason(write("lost\n", to: writer)) != nil)
        #expect(writer.status.written == 0)
        #expect(await reason(write("kept\n", to: writer)) == nil)
        #expect(writer.status.written == 1)
        #expect(try text() == "lost\nkept\n")
    }

    @Test func `what is dropped after a second is counted, and leaves room`() async throws {
        let (clock, gate) = (Clock(), Gate())
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
        defer { writer.stop(milliseconds: 60_000) }
        let first = write("first\n", to: writer)
        gate.waitForWrite()
        let probe = Array("probe\n".utf8)
        #expect(writer.probe(probe, after: 0))
        #expect(writer.status.hasProbe)
        // With the probe, there is no room for a byte more.
        writer.write(Array(repeating: UInt8(ascii: "x"), count: AuditWriter.capacity - probe.count), count: 3)
        clock.advance(by: .seconds(1))
        #expect(!writer.probe(probe, after: 0), "there is one already")
        writer.failLate()
        #expect(writer.status.dropped == 3 && !writer.status.hasProbe)
        #expect(!writer.probe(probe, after: 0))
        #expect(!writer.status.hasProbe, "nothing is queued while the disk does not answer")
        #expect(await reason(first) != nil)
        gate.open()
        // The disk had the first line.
        while writer.status.written == 0 { await Task.yield() }
        #expect(await reason(write("second\n", to: writer)) == nil)
        #expect(try text() == "first\nsecond\n" && writer.status.probes == 0)
    }

    @Test func `requests of several event loops are all told`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
        for failure in [nil, Errno.noSpace] {
            let (clock, gate) = (Clock(), Gate())
            let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
            let first = write("first\n", to: writer)
            gate.waitForWrite()
            let told = Mutex<[Bool]>([])
            for loop in Array(group.makeIterator()) + Array(group.makeIterator()) {
                let future = loop.flatSubmit { writer.write(Array("line\n".utf8), count: 1, on: loop) }
                future.whenComplete { result in
                    told.withLock { $0.append(loop.inEventLoop && (try? result.get()) != nil) }
                }
                try await loop.submit {}.get()
            }
            gate.open(failing: failure)
            writer.stop(milliseconds: 60_000)
            // What the writer gives to a loop is done before what the loop is given afterwards.
            for loop in group.makeIterator() { try await loop.submit {}.get() }
            #expect(told.withLock { $0 } == Array(repeating: failure == nil, count: 6))
            _ = await reason(first)
        }
        try await group.shutdownGracefully()
    }

    @Test func `a stop does not wait for a reader who has stopped reading`() throws {
        try #require(mkfifo(path, 0o600) == 0)
        let reader = try SystemPackage.FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        defer { try? reader.close() }
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false))
        // More than a pipe takes.
        writer.write(Array(repeating: UInt8(ascii: "\n"), count: 2 << 20), count: 7)
        writer.stop(milliseconds: 60_000)
        #expect(writer.status.dropped == 7, "the thread has ended")
    }

    @Test func `the file is opened again when that is asked for, and why it cannot be is said`() async throws {
        let descriptors = Mutex<[SystemPackage.FileDescriptor]>([])
        var calls = AuditDestination.SystemCalls()
        let system = calls.write
        calls.write = { descriptor, bytes throws(Errno) in
            descriptors.withLock { $0.append(descriptor) }
            return try system(descriptor, bytes)
        }
        let logs = folder.path + "/logs"
        try FileManager.default.createDirectory(atPath: logs, withIntermediateDirectories: false)
        let writer = try AuditWriter(AuditDestination(logs + "/audit.jsonl", isSynchronous: false, calls: calls))
        defer { writer.stop(milliseconds: 60_000) }
        try await write("one\n", to: writer).get()
        writer.reopen()
        try await write("two\n", to: writer).get()
        #expect(descriptors.withLock { $0[0] != $0[1] })
        try FileManager.default.removeItem(atPath: logs)
        #expect(await reason(write("three\n", to: writer)) == "\(logs)/audit.jsonl: its folder does not exist")
    }

    @Test func `a stop writes what is queued`() async throws {
        let (clock, gate) = (Clock(), Gate())
        let writer = try AuditWriter(AuditDestination(path, isSynchronous: false, calls: gate.calls)) { clock.now }
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
