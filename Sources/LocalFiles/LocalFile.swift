// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// A regular file on this machine, read up to a limit.
///
/// Each read opens the file, and does not block: anything but a regular file, such as a named pipe, is refused.
package struct LocalFile: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Returns the file's bytes.
    /// - Throws: `tooLong` if the file has more than `limit` bytes
    package func contents(limit: Int) throws(FileReadError) -> [UInt8] {
        let bytes = try prefix(limit + 1)
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        return bytes
    }

    /// Returns the first bytes of the file, at most `limit` of them.
    package func prefix(_ limit: Int) throws(FileReadError) -> [UInt8] {
        let (file, status) = try open()
        defer { try? file.close() }
        return try FileReadError.mapping {
            // One byte more than the size detects the end of the file. Sizes in /proc are 0: then reading continues. A sparse file can
            // have any size.
            try file.readToEnd(limit: limit, sizeHint: min(Int(clamping: status.size), limit) + 1)
        }
    }

    /// A warning for operators if every account may read this file, which contains a secret; nil otherwise, or if the file
    /// cannot be opened. Read access for a group is fine: a service often has its own group, and access that systemd grants
    /// with an ACL shows as the group's.
    package var secrecyWarning: String? {
        guard let (file, status) = try? open() else { return nil }
        try? file.close()
        guard status.permissions.contains(.otherRead) else { return nil }
        return
            "\(path) has a secret that every account may read; run chmod o-rwx \(path), or set defaultMode: 0440 in Kubernetes"
    }

    private func open() throws(FileReadError) -> (file: FileDescriptor, status: Stat) {
        // In C the path would end at the NUL, and name another file.
        guard !path.utf8.contains(0) else { throw .notFound }
        return try FileReadError.mapping {
            // Opening a named pipe would wait for a writer.
            let file = try FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec])
            do {
                let status = try file.stat()
                guard status.type == .regular else {
                    throw status.type == .directory ? FileReadError.isFolder : FileReadError.notRegular
                }
                return (file, status)
            } catch {
                try? file.close()
                throw error
            }
        }
    }
}

extension FileDescriptor {
    /// Reads until the end or `limit` bytes. A read from a pipe may return fewer bytes than remain.
    /// - Parameter sizeHint: the expected number of bytes
    package func readToEnd(limit: Int, sizeHint: Int = 16_384) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(sizeHint, limit))
        var end = 0
        while end < limit {
            if end == bytes.count { bytes += [UInt8](repeating: 0, count: min(65_536, limit - end)) }
            let count = try bytes.withUnsafeMutableBytes { buffer in
                try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
            }
            if count == 0 { break }
            end += count
        }
        bytes.removeLast(bytes.count - end)
        return bytes
    }
}

/// Why a file or a folder cannot be read. The description is part of a sentence.
package enum FileReadError: Error, Sendable, Hashable, CustomStringConvertible {
    /// There is no such file, or a folder of its path does not exist.
    case notFound
    /// A file was expected, and this is a folder.
    case isFolder
    /// A folder was expected, and this is not one.
    case notFolder
    /// It is a device, a pipe or a socket.
    case notRegular
    case permissionDenied
    case symbolicLinkLoop
    case tooManyOpenFiles
    /// It has more bytes than the limit.
    case tooLong(limit: Int)
    /// Any other error, by its number (errno(3)).
    case system(Int32)

    package var description: String {
        switch self {
        case .notFound: "there is no such file or folder"
        case .isFolder: "it is a folder"
        case .notFolder: "it is not a folder"
        case .notRegular: "it is not a regular file"
        case .permissionDenied: "permission denied"
        case .symbolicLinkLoop: "its symbolic links form a loop"
        case .tooManyOpenFiles: "too many files are open"
        case .tooLong(let limit): "it is longer than \(limit) bytes"
        case .system(let code): "system error \(code)"
        }
    }

    init(errno: CInt) {
        self.init(Errno(rawValue: errno))
    }

    init(_ error: Errno) {
        switch error {
        case .noSuchFileOrDirectory, .notDirectory: self = .notFound
        case .permissionDenied, .notPermitted: self = .permissionDenied
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: self = .tooManyOpenFiles
        case .isDirectory: self = .isFolder
        case .tooManySymbolicLinkLevels: self = .symbolicLinkLoop
        default: self = .system(error.rawValue)
        }
    }

    /// Converts the untyped errors of System, which are `Errno`.
    fileprivate static func mapping<Result>(_ call: () throws -> Result) throws(FileReadError) -> Result {
        do {
            return try call()
        } catch let error as FileReadError {
            throw error
        } catch {
            throw (error as? Errno).map(FileReadError.init) ?? .system(0)
        }
    }
}
