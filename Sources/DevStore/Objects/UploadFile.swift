// SPDX-License-Identifier: Apache-2.0

private import Synchronization
private import WireFormats

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

/// The file of an upload, written to disk piece by piece, so that memory does not depend on its size.
///
/// Its methods block. The file is removed when this object is deallocated, unless `ObjectFolder` has moved it.
package final class UploadFile: Sendable {
    /// The size and the digests of a finished file.
    package struct Summary: Sendable, Equatable {
        /// In bytes.
        package let size: Int
        /// Lower-case hexadecimal, as in S3's ETag of an object that was uploaded in one piece.
        package let md5: String
        /// The checksum that was asked for; nil if none was.
        package let checksum: [UInt8]?
    }

    private struct Progress: ~Copyable {
        var descriptor: Int32?
        var size = 0
        var md5 = IncrementalDigest(.md5)
        var checksum: RunningChecksum?
    }

    let path: String
    private let progress: Mutex<Progress>

    /// Creates the file. The path must not exist yet.
    init(path: String, checksum: StoreChecksum?) throws(SystemCallError) {
        self.path = path
        let running = checksum.map { RunningChecksum($0) }
        progress = Mutex(Progress(descriptor: try PosixFile.create(path), checksum: running))
    }

    deinit {
        progress.withLock { progress in
            if let descriptor = progress.descriptor {
                try? PosixFile.close(descriptor)
            }
        }
        PosixFile.remove(path)
    }

    /// Appends bytes.
    package func append(_ bytes: ArraySlice<UInt8>) throws {
        try progress.withLock { progress in
            guard let descriptor = progress.descriptor else { return }
            try PosixFile.write(bytes, to: descriptor)
            progress.size += bytes.count
            bytes.withUnsafeBytes { buffer in
                progress.md5.update(buffer)
                progress.checksum?.update(buffer)
            }
        }
    }

    /// Closes the file and returns its size, its MD5 and its checksum.
    package func finish() throws -> Summary {
        try progress.withLock { progress in
            if let descriptor = progress.descriptor {
                progress.descriptor = nil
                try PosixFile.close(descriptor)
            }
            return Summary(
                size: progress.size,
                md5: progress.md5.finish().hexadecimal,
                checksum: progress.checksum?.finish()
            )
        }
    }
}

/// A system call that failed.
struct SystemCallError: Error, CustomStringConvertible {
    let call: String
    /// errno(3)
    let code: Int32

    var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// The system calls on files that Foundation does not have. All block.
enum PosixFile {
    /// Creates a file that only its owner can read, and opens it for writing. The path must not exist yet.
    static func create(_ path: String) throws(SystemCallError) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", code: errno) }
        return descriptor
    }

    /// Opens a file for reading, and returns its size in bytes.
    static func openForReading(_ path: String) throws(SystemCallError) -> (descriptor: Int32, size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError(call: "open", code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            try? close(descriptor)
            throw SystemCallError(call: "fstat", code: code)
        }
        return (descriptor, Int(status.st_size))
    }

    /// Writes all bytes, in as many calls as are needed.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemCallError) {
        var rest = bytes
        while !rest.isEmpty {
            let (written, code) = rest.withUnsafeBytes { buffer in
                let count = systemWrite(descriptor, buffer.baseAddress, buffer.count)
                return (count, errno)
            }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if code != EINTR {
                throw SystemCallError(call: "write", code: code)
            }
        }
    }

    /// Closes a descriptor, which is invalid afterwards, even if close(2) fails.
    static func close(_ descriptor: Int32) throws(SystemCallError) {
        guard systemClose(descriptor) == 0 || errno == EINTR else { throw SystemCallError(call: "close", code: errno) }
    }

    /// Moves a file atomically. Replaces any file at the new path.
    static func rename(_ path: String, to newPath: String) throws(SystemCallError) {
        guard systemRename(path, newPath) == 0 else { throw SystemCallError(call: "rename", code: errno) }
    }

    /// Removes a file, if there is one.
    static func remove(_ path: String) {
        unlink(path)
    }

    // The functions above shadow the system functions of the same names.
    #if canImport(Glibc)
        private static let systemWrite = Glibc.write
        private static let systemClose = Glibc.close
        private static let systemRename = Glibc.rename
    #elseif canImport(Musl)
        private static let systemWrite = Musl.write
        private static let systemClose = Musl.close
        private static let systemRename = Musl.rename
    #else
        private static let systemWrite = Darwin.write
        private static let systemClose = Darwin.close
        private static let systemRename = Darwin.rename
    #endif
}
