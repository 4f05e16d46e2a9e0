// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import PosternServer

/// What reaches a file or a pipe, whatever its writes do.
@Suite(.timeLimit(.minutes(5)))
struct AuditDestinationTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path + "/audit.jsonl"
    }

    private func text(_ path: String? = nil) throws -> String {
        try String(contentsOfFile: path ?? self.path, encoding: .utf8)
    }

    private func write(_ lines: String, to destination: inout AuditDestination) throws -> (count: Int, error: Errno?) {
        try destination.open()
        return destination.write(Array(lines.utf8)) { false }
    }

    @Test func `lines are appended to what is there`() throws {
        try folder.write("before\n", to: "audit.jsonl")
        var destination = AuditDestination(path, isSynchronous: true)
        #expect(try write("one\n", to: &destination) == (4, nil))
        #expect(try write("two\nthree\n", to: &destination) == (10, nil))
        #expect(try text() == "before\none\ntwo\nthree\n")
    }

    @Test func `a file that ends inside a line gets a new line first`() throws {
        try folder.write("{\"cut\":", to: "audit.jsonl")
        var destination = AuditDestination(path, isSynchronous: false)
        #expect(try write("one\n", to: &destination) == (4, nil))
        #expect(try text() == "{\"cut\":\none\n")
    }

    /// Writes a few bytes at each call, and fails as often as asked between them.
    private final class Writes: Sendable {
        let failures = Mutex<[Errno?]>([])
        let limit: Int
        let sizes = Mutex<[Int]>([])

        init(atMost limit: Int, failures: [Errno?] = []) {
            self.limit = limit
            self.failures.withLock { $0 = failures }
        }

        var calls: AuditDestination.SystemCalls {
            var calls = AuditDestination.SystemCalls()
            let system = calls.write
            calls.write = { descriptor, bytes throws(Errno) in
                if let failure = self.failures.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { throw failure }
                self.sizes.withLock { $0.append(bytes.count) }
                return try system(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(self.limit)))
            }
            return calls
        }
    }

    @Test func `short writes and interruptions lose nothing`() throws {
        let writes = Writes(atMost: 3, failures: [nil, .interrupted, nil, .interrupted])
        var destination = AuditDestination(path, isSynchronous: false, calls: writes.calls)
        #expect(try write("one\ntwo\nthree\n", to: &destination) == (14, nil))
        #expect(try text() == "one\ntwo\nthree\n")
    }

    @Test func `after a write that failed inside a line, the next line is whole`() throws {
        let writes = Writes(atMost: 6, failures: [nil, .noSpace])
        var destination = AuditDestination(path, isSynchronous: false, calls: writes.calls)
        #expect(try write("one\ntwo\nthree\n", to: &destination) == (6, .noSpace))
        #expect(try write("four\n", to: &destination) == (5, nil))
        #expect(try text() == "one\ntw\nfour\n")
    }

    @Test func `if the new line after a failure cannot be written, nothing counts as written`() throws {
        let writes = Writes(atMost: 6, failures: [nil, .noSpace, .noSpace])
        var destination = AuditDestination(path, isSynchronous: false, calls: writes.calls)
        _ = try write("one\ntwo\n", to: &destination)
        #expect(try write("four\n", to: &destination) == (0, .noSpace))
        #expect(try write("five\n", to: &destination) == (5, nil))
        #expect(try text() == "one\ntw\nfive\n")
    }

    @Test func `what cannot be synchronised does not count as written`() throws {
        var calls = AuditDestination.SystemCalls()
        calls.synchronize = { _ throws(Errno) in throw .ioError }
        var destination = AuditDestination(path, isSynchronous: true, calls: calls)
        #expect(try write("one\n", to: &destination) == (0, .ioError))
        var other = AuditDestination(path, isSynchronous: false, calls: calls)
        #expect(try write("two\n", to: &other) == (4, nil))
    }

    @Test func `a file that was renamed or removed is made anew, and nothing is lost`() throws {
        var destination = AuditDestination(path, isSynchronous: false)
        _ = try write("one\n", to: &destination)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        _ = try write("two\n", to: &destination)
        #expect(try text(path + ".1") == "one\n" && text() == "two\n")
        try FileManager.default.removeItem(atPath: path)
        _ = try write("three\n", to: &destination)
        #expect(try text() == "three\n")
        // Truncated in place, as with logrotate's copytruncate.
        try Data().write(to: URL(filePath: path), options: [])
        _ = try write("four\n", to: &destination)
        #expect(try text() == "four\n")
    }

    @Test func `while a new file cannot be made, the one that was renamed is used`() throws {
        var destination = AuditDestination(path, isSynchronous: false)
        _ = try write("one\n", to: &destination)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        // A folder in its place.
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: Errno.self) { try destination.open() }
        #expect(destination.write(Array("two\n".utf8)) { false } == (4, nil))
        #expect(try text(path + ".1") == "one\ntwo\n")
    }

    @Test func `while a new file cannot be made, nothing is written to one that was removed`() throws {
        var destination = AuditDestination(folder.path + "/logs/audit.jsonl", isSynchronous: false)
        try FileManager.default.createDirectory(atPath: folder.path + "/logs", withIntermediateDirectories: false)
        #expect(try write("one\n", to: &destination) == (4, nil))
        try FileManager.default.removeItem(atPath: folder.path + "/logs")
        #expect(throws: Errno.noSuchFileOrDirectory) { try destination.open() }
        #expect(destination.write(Array("two\n".utf8)) { false } == (0, .badFileDescriptor))
        try FileManager.default.createDirectory(atPath: folder.path + "/logs", withIntermediateDirectories: false)
        #expect(try write("three\n", to: &destination) == (6, nil))
        #expect(try text(folder.path + "/logs/audit.jsonl") == "three\n")
    }

    @Test func `a full pipe is left when another file is in its place`() throws {
        try #require(mkfifo(path, 0o600) == 0)
        let reader = try FileDescriptor.open(path, .readOnly, options: .nonBlocking)
        defer { try? reader.close() }
        var destination = AuditDestination(path, isSynchronous: false)
        try destination.open()
        let lines = Array(String(repeating: "line\n", count: 100_000).utf8)
        // It is full before the end of the lines; then it is replaced.
        let (count, error) = destination.write(lines) {
            try? FileManager.default.removeItem(atPath: path)
            return false
        }
        #expect(count > 0 && count < lines.count && count % 5 == 0 && error == .wouldBlock)
        #expect(try write("after\n", to: &destination) == (6, nil))
        #expect(try text() == "after\n")
    }

    @Test(arguments: ["/nonexistent/audit.jsonl", "/"])
    func `what cannot be opened is said`(path: String) {
        var destination = AuditDestination(path, isSynchronous: false)
        #expect(throws: Errno.self) { try destination.open() }
        #expect(destination.write(Array("x\n".utf8)) { false }.count == 0)
    }

    @Test func `only the owner writes the file, only its group reads it, and no other program inherits it`() throws {
        let flags = Mutex<CInt?>(nil)
        var calls = AuditDestination.SystemCalls()
        let system = calls.write
        calls.write = { descriptor, bytes throws(Errno) in
            let value = fcntl(descriptor.rawValue, F_GETFD)
            flags.withLock { $0 = value }
            return try system(descriptor, bytes)
        }
        var destination = AuditDestination(path, isSynchronous: false, calls: calls)
        #expect(try write("one\n", to: &destination) == (4, nil))
        #expect(flags.withLock { $0 } == FD_CLOEXEC)
        let mode = try FilePath(path).stat().permissions
        #expect(mode.isSubset(of: [.ownerReadWrite, .groupRead]) && mode.isSuperset(of: .ownerReadWrite))
    }

    @Test func `a file that is opened again is not kept open`() throws {
        let descriptors = Mutex<[FileDescriptor]>([])
        var calls = AuditDestination.SystemCalls()
        let system = calls.write
        calls.write = { descriptor, bytes throws(Errno) in
            descriptors.withLock { $0.append(descriptor) }
            return try system(descriptor, bytes)
        }
        var destination = AuditDestination(path, isSynchronous: false, calls: calls)
        _ = try write("one\n", to: &destination)
        try destination.open(again: true)
        _ = try write("two\n", to: &destination)
        let (first, second) = descriptors.withLock { ($0[0], $0[1]) }
        #expect(first != second, "it was opened again")
        // Another test may have got the number since.
        let file = try FilePath(path).stat()
        let left = try? first.stat()
        #expect(left?.inode != file.inode || left?.deviceID != file.deviceID)
        #expect(try text() == "one\ntwo\n")
    }

    @Test func `a device takes lines`() throws {
        var destination = AuditDestination("/dev/null", isSynchronous: true)
        #expect(try write("one\n", to: &destination) == (4, nil))
    }

    @Test func `a write of no bytes is an error`() throws {
        let writes = Writes(atMost: 0)
        var destination = AuditDestination(path, isSynchronous: false, calls: writes.calls)
        #expect(try write("one\n", to: &destination) == (0, .ioError))
        #expect(writes.sizes.withLock { $0 } == [4])
    }

    @Test(arguments: [
        (Errno.noSuchAddressOrDevice, "nobody reads the pipe"), (.brokenPipe, "nobody reads the pipe"),
        (.wouldBlock, "its reader has stopped reading, or is too slow"),
        (.notSupported, "it is neither a file nor a named pipe"), (.noSuchFileOrDirectory, "its folder does not exist"),
        (.noSpace, Errno.noSpace.description),
    ])
    func `an error is told in the words of the audit log`(_ error: Errno, _ text: String) {
        #expect(AuditDestination("a.jsonl", isSynchronous: false).reason(error) == "a.jsonl: \(text)")
    }

    // MARK: Pipes

    /// A named pipe with a reader that does not block.
    private func pipe() throws -> FileDescriptor {
        try #require(mkfifo(path, 0o600) == 0)
        return try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
    }

    private func read(_ reader: FileDescriptor) throws -> String {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = try bytes.withUnsafeMutableBytes { try reader.read(into: $0) }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    @Test func `a pipe gets whole lines in each write, and nothing is written to a full one`() throws {
        let reader = try pipe()
        defer { try? reader.close() }
        let writes = Writes(atMost: .max)
        var destination = AuditDestination(path, isSynchronous: true, calls: writes.calls)
        try destination.open()
        let line = String(repeating: "x", count: 999) + "\n"
        let lines = String(repeating: line, count: 200)
        let (count, error) = destination.write(Array(lines.utf8)) { true }
        #expect(error == .wouldBlock && count > 0 && count.isMultiple(of: 1000) && count < 200_000)
        #expect(writes.sizes.withLock { $0.allSatisfy { $0 == 4000 } })
        #expect(try read(reader) == String(lines.prefix(count)))
        #expect(destination.write(Array(line.utf8)) { true } == (1000, nil))
        // A line that is longer than a pipe takes at once.
        let long = String(repeating: "y", count: 10_000) + "\n"
        #expect(destination.write(Array((line + long + line).utf8)) { true } == (12_001, nil))
    }

    @Test func `a pipe without a reader takes nothing until there is one`() throws {
        // As in the service: a write to a pipe without a reader is an error, and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let reader = try pipe()
        var destination = AuditDestination(path, isSynchronous: false)
        try destination.open()
        try reader.close()
        #expect(destination.write(Array("one\n".utf8)) { true } == (0, .brokenPipe))
        #expect(throws: Errno.self) { try destination.open() }
        let other = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
        defer { try? other.close() }
        #expect(try write("two\n", to: &destination) == (4, nil))
        #expect(try read(other) == "two\n")
    }
}
