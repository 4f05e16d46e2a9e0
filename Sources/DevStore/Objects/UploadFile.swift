// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    private import Glibc
#elseif canImport(Musl)
    private import Musl
#else
    private import Darwin
#endif

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
