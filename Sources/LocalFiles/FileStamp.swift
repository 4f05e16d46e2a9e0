// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the file system says of a file without reading it. A file whose stamp is as it was has the content that it had, unless the
/// stamp is racy.
package struct FileStamp: Sendable, Hashable {
    /// What is at the path, or why that is not known.
    package enum Kind: UInt8, Sendable {
        case regular
        case folder
        /// A device, a pipe or a socket.
        case other
        /// There is no such file: a symbolic link leads nowhere, or the file was just removed.
        case missing
        /// stat(2) failed for another reason.
        case unreadable
    }

    /// Of the target, if the path is a symbolic link. So are all other properties.
    package var kind: Kind
    package var device: UInt64 = 0
    package var inode: UInt64 = 0
    /// In bytes.
    package var size: Int64 = 0
    /// When the content was written (`st_mtim`), in nanoseconds since 1970. Programs can set it.
    package var modified: Int64 = 0
    /// When the content or the properties were changed (`st_ctim`), in nanoseconds since 1970. Programs cannot set it.
    package var changed: Int64 = 0

    package init(kind: Kind) {
        self.kind = kind
    }

    /// Whether the file was changed less than two seconds before an instant, or after it.
    ///
    /// If it is read at that instant, it can be changed again without another stamp: the time of a file moves in steps of some
    /// milliseconds, on some file systems of two seconds.
    package func isRacy(at now: Date) -> Bool {
        Double(max(modified, changed)) / 1e9 > now.timeIntervalSince1970 - 2
    }
}

extension FileStamp {
    /// Asks the file system.
    /// - Parameters:
    ///   - path: relative to the folder, unless it begins with `/`
    ///   - folder: a descriptor of an open folder, or `AT_FDCWD`
    init(_ path: UnsafePointer<CChar>, in folder: CInt) {
        var status = stat()
        guard fstatat(folder, path, &status, 0) == 0 else {
            self.init(kind: errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable)
            return
        }
        self.init(status)
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .folder
            default: .other
            }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        size = Int64(truncatingIfNeeded: status.st_size)
        #if canImport(Darwin)
            modified = Self.nanoseconds(status.st_mtimespec)
            changed = Self.nanoseconds(status.st_ctimespec)
        #else
            modified = Self.nanoseconds(status.st_mtim)
            changed = Self.nanoseconds(status.st_ctim)
        #endif
    }

    /// Wraps around after the year 2262.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ Int64(truncatingIfNeeded: time.tv_nsec)
    }
}

extension LocalFile {
    /// The file's stamp. Symbolic links are followed.
    package var stamp: FileStamp {
        // In C the path would end at the NUL, and name another file.
        guard !path.utf8.contains(0) else { return FileStamp(kind: .missing) }
        return FileStamp(path, in: AT_FDCWD)
    }

    /// Returns the path of the file or folder without symbolic links, `.` and `..`.
    package func resolvedPath() throws(FileReadError) -> String {
        guard !path.utf8.contains(0) else { throw .notFound }
        guard let resolved = realpath(path, nil) else { throw FileReadError(errno: errno) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
