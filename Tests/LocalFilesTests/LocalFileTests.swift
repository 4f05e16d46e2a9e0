// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import SystemPackage
import Testing

@testable import LocalFiles

struct LocalFileTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func write(_ bytes: some Sequence<UInt8>, _ name: String) throws -> String {
        try temporary.write(bytes, to: name)
    }

    private func error(_ path: String, limit: Int = 100) -> FileReadError? {
        do throws(FileReadError) {
            _ = try LocalFile(path).contents(limit: limit)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a file is read anew each time`() throws {
        let file = LocalFile(try write("one".utf8, "file"))
        #expect(try file.contents(limit: 100) == Array("one".utf8))
        _ = try write("two, and longer".utf8, "file")
        #expect(try file.contents(limit: 100) == Array("two, and longer".utf8))
        _ = try write([], "file")
        #expect(try file.contents(limit: 100) == [])
    }

    @Test func `contents may have as many bytes as the limit, and no more`() throws {
        let path = try write([UInt8](repeating: 7, count: 200_000), "file")
        #expect(try LocalFile(path).contents(limit: 200_000).count == 200_000)
        #expect(error(path, limit: 199_999) == .tooLong(limit: 199_999))
    }

    @Test func `a prefix is as long as the limit, or as the file`() throws {
        let file = LocalFile(try write([1, 2, 3, 4], "file"))
        #expect(try file.prefix(3) == [1, 2, 3])
        #expect(try file.prefix(4) == [1, 2, 3, 4])
        #expect(try file.prefix(5) == [1, 2, 3, 4])
        #expect(try file.prefix(0) == [])
    }

    #if os(Linux)
        @Test func `a sparse file can have any size`() throws {
            // A file system in memory takes the largest size that there is.
            let path = "/dev/shm/postern-\(UInt64.random(in: 0...UInt64.max))"
            let file = try FileDescriptor.open(
                path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            defer {
                try? file.close()
                try? FileManager.default.removeItem(atPath: path)
            }
            try file.resize(to: Int64.max)
            #expect(error(path) == .tooLong(limit: 100))
            #expect(try LocalFile(path).prefix(10) == [UInt8](repeating: 0, count: 10))
        }

        @Test func `a file that reports no size is read to its end`() throws {
            let status = try LocalFile("/proc/self/status").contents(limit: 100_000)
            #expect(String(decoding: status, as: UTF8.self).contains("\nPid:"))
            // Larger than one step of reading on.
            #expect(try LocalFile("/proc/self/smaps").prefix(100_000).count == 100_000)
        }
    #endif

    @Test func `a file that is not regular is told from a missing one, and is not waited for`() throws {
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        #expect(error("\(folder)/pipe") == .notRegular)
        #expect(error("/dev/zero") == .notRegular)
        #expect(error(folder) == .isFolder)
        #expect(error("\(folder)/none") == .notFound)
        #expect(error("\(try write([1], "file"))/below") == .notFound)
        #expect(error("\(folder)/file\0.pem") == .notFound)
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/circle", withDestinationPath: "circle")
        #expect(error("\(folder)/circle") == .symbolicLinkLoop)
    }

    @Test func `the error of a file that may not be read says so`() throws {
        #expect(FileReadError(Errno.permissionDenied) == .permissionDenied)
        #expect(FileReadError(Errno.notPermitted) == .permissionDenied)
        #expect("\(FileReadError.permissionDenied)" == "permission denied")
        // Root may read every file.
        guard getuid() != 0 else { return }
        let path = try write([1], "file")
        #expect(chmod(path, 0) == 0)
        #expect(error(path) == .permissionDenied)
    }

    @Test func `reading leaves no descriptor open`() throws {
        let path = try write([1], "file")
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        // Other tests open descriptors at the same time: one a read would be 3,000.
        for _ in 0..<1000 {
            _ = try LocalFile(path).contents(limit: 1)
            _ = error("\(folder)/pipe")
            _ = LocalFile(path).secrecyWarning
        }
        let next = dup(0)
        defer { close(next) }
        #expect(next < 2000)
    }

    @Test(arguments: [
        (0o600, false), (0o400, false), (0o700, false), (0o640, false), (0o604, true), (0o644, true), (0o620, false),
    ])
    func `a secret file that other accounts may read causes a warning`(mode: mode_t, isWarnedOf: Bool) throws {
        let path = try write([1], "secret")
        #expect(chmod(path, mode) == 0)
        let warning =
            "\(path) has a secret that every account may read; run chmod o-rwx \(path), or set defaultMode: 0440 in Kubernetes"
        #expect(LocalFile(path).secrecyWarning == (isWarnedOf ? warning : nil))
        // A link has permissions of its own, which say nothing.
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/link", withDestinationPath: path)
        #expect((LocalFile("\(folder)/link").secrecyWarning != nil) == isWarnedOf)
    }

}
