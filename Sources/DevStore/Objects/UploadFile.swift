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

/// A file that is still arriving: written to disk piece by piece, so that its size does not matter to memory.
///
/// Its methods block for as long as the disk does. The file disappears with the value unless `ObjectFolder` has taken it.
package final class UploadFile: Sendable {
    /// What a finished file amounts to.
    package struct Summary: Sendable, Equatable {
        /// In bytes.
        package let size: Int
        /// Lower-case hexadecimal, as in S3's ETag of an object that came in one piece.
        package let md5: String
        /// The 32 bytes.
        package let sha256: [UInt8]
    }

    private struct Progress: ~Copyable {
        var descriptor: Int32?
        var size = 0
        var md5 = RunningDigest(.md5)
        var sha256 = RunningDigest(.sha256)
    }

    let path: String
    private let progress: Mutex<Progress>

    /// Creates the file, which must not be there yet.
    init(path: String) throws(PosixFile.Failure) {
        self.path = path
        progress = Mutex(Progress(descriptor: try PosixFile.create(path)))
    }

    deinit {
        progress.withLock { progress in
            if let descriptor = progress.descriptor {
                try? PosixFile.close(descriptor)
            }
        }
        PosixFile.remove(path)
    }

    /// Writes the next piece.
    package func append(_ bytes: ArraySlice<UInt8>) throws {
        try progress.withLock { progress in
            guard let descriptor = progress.descriptor else { return }
            try PosixFile.write(bytes, to: descriptor)
            progress.size += bytes.count
            bytes.withUnsafeBytes { buffer in
                progress.md5.update(buffer)
                progress.sha256.update(buffer)
            }
        }
    }

    /// Closes the file and tells what it holds.
    package func finish() throws -> Summary {
        try progress.withLock { progress in
            if let descriptor = progress.descriptor {
                progress.descriptor = nil
                try PosixFile.close(descriptor)
            }
            return Summary(
                size: progress.size,
                md5: progress.md5.finish().hexadecimal,
                sha256: progress.sha256.finish()
            )
        }
    }
}

/// The few calls to the file system that Foundation has not: each blocks, each throws the reason.
enum PosixFile {
    /// A call that failed.
    struct Failure: Error, CustomStringConvertible {
        let call: String
        let code: Int32

        var description: String { "\(call): \(String(cString: strerror(code)))" }
    }

    /// Creates a file that is not there yet, readable by its owner alone, and opens it for writing.
    static func create(_ path: String) throws(Failure) -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(call: "open", code: errno) }
        return descriptor
    }

    /// Opens a file for reading and tells its size in bytes.
    static func openForReading(_ path: String) throws(Failure) -> (descriptor: Int32, size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(call: "open", code: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            try? close(descriptor)
            throw Failure(call: "fstat", code: code)
        }
        return (descriptor, Int(status.st_size))
    }

    /// Writes all the bytes, however many calls it takes.
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let (written, code) = rest.withUnsafeBytes { buffer in
                let count = systemWrite(descriptor, buffer.baseAddress, buffer.count)
                return (count, errno)
            }
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if code != EINTR {
                throw Failure(call: "write", code: code)
            }
        }
    }

    /// Closes the descriptor; it is gone whatever close(2) answers.
    static func close(_ descriptor: Int32) throws(Failure) {
        guard systemClose(descriptor) == 0 || errno == EINTR else { throw Failure(call: "close", code: errno) }
    }

    /// Moves a file in one step, over one that may be there.
    static func rename(_ path: String, to newPath: String) throws(Failure) {
        guard systemRename(path, newPath) == 0 else { throw Failure(call: "rename", code: errno) }
    }

    /// Removes a file if it is there.
    static func remove(_ path: String) {
        unlink(path)
    }

    // The functions above hide the system's of the same name.
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
