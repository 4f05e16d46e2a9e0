// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#else
    import Darwin
#endif

/// A regular file that is open for reading, and the size that it had when it was opened.
///
/// A file that is renamed or replaced meanwhile is still the one that was opened. One that is written to is detected by
/// ``checkUnchanged()``.
final class SourceFile: Sendable {
    /// S3 takes at most 5 GiB in one request.
    static let maximumSize: Int64 = 5 << 30

    private let descriptor: CInt
    /// In bytes.
    let size: Int64
    private let state: State

    private struct State: Equatable {
        var size: Int64
        var seconds: Int
        var nanoseconds: Int

        init?(_ descriptor: CInt) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return nil }
            size = Int64(status.st_size)
            #if canImport(Darwin)
                let modified = status.st_mtimespec
            #else
                let modified = status.st_mtim
            #endif
            (seconds, nanoseconds) = (Int(modified.tv_sec), Int(modified.tv_nsec))
        }
    }

    /// Opens a file. Symbolic links are followed.
    /// - Throws: ``UploadError/Code/fileUnreadable``, or ``UploadError/Code/sizeTooLarge``
    init(_ url: URL) throws(UploadError) {
        let path = url.path
        // In C the path would end at the NUL. Opening a named pipe would wait for a writer, but for O_NONBLOCK.
        let descriptor = path.utf8.contains(0) ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(Self.reason(path.utf8.contains(0) ? ENOENT : errno)) }
        do throws(UploadError) {
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(Self.reason(errno)) }
            switch status.st_mode & S_IFMT {
            case S_IFREG: break
            case S_IFDIR: throw Self.unreadable("it is a folder: name the files in it")
            default: throw Self.unreadable("it is not a regular file but a pipe, a device or a socket, whose size is not known")
            }
            guard let state = State(descriptor) else { throw Self.unreadable(Self.reason(errno)) }
            guard state.size <= Self.maximumSize else {
                throw UploadError(
                    .sizeTooLarge,
                    "The file is too large: it has \(state.size) bytes, and one upload has at most 5 GiB (\(Self.maximumSize) bytes)."
                )
            }
            self.state = state
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        size = state.size
    }

    deinit {
        close(descriptor)
    }

    /// Reads bytes at an offset; fewer than the buffer has room for only if the file has become shorter.
    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(UploadError) -> Int {
        var count = 0
        while count < buffer.count {
            let result = pread(
                descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count, off_t(offset) + off_t(count))
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw Self.unreadable(Self.reason(errno)) }
            if result == 0 { break }
            count += result
        }
        return count
    }

    /// - Throws: ``UploadError/Code/fileChanged`` if the file has another size or time of modification than when it was opened
    func checkUnchanged() throws(UploadError) {
        guard State(descriptor) == state else { throw Self.changed }
    }

    static let changed = UploadError(
        .fileChanged, "The file changed while it was being uploaded. Wait until nothing writes to it, and upload it again.")

    static func unreadable(_ reason: String) -> UploadError {
        UploadError(.fileUnreadable, "The file cannot be read: \(reason).")
    }

    private static func reason(_ code: CInt) -> String {
        switch code {
        case ENOENT, ENOTDIR: "there is no such file"
        case EACCES, EPERM: "permission denied"
        case ELOOP: "its symbolic links form a loop"
        case EMFILE, ENFILE: "too many files are open"
        default: "system error \(code)"
        }
    }
}
