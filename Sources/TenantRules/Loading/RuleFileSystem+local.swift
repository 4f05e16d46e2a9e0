// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension RuleFileSystem {
    /// The disk.
    package static let local = RuleFileSystem { folder throws(Failure) in
        var status = stat()
        guard stat(folder, &status) == 0 else { throw Failure(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw Failure(reason: "it is not a folder") }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw Failure(reason: "permission denied")
        }
        return names.map { name in
            var status = stat()
            let isFolder = stat(FilePath.join(folder, name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
            return Entry(name: name, isFolder: isFolder)
        }
    } read: { path, limit throws(Failure) in
        // Not blocking: opening a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "it is not a regular file") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < limit {
            let count = Self.readSome(descriptor, into: &chunk, atMost: min(chunk.count, limit - bytes.count))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(errno: errno) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    private static func readSome(_ descriptor: Int32, into chunk: inout [UInt8], atMost count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, &chunk, count)
        #elseif canImport(Musl)
            Musl.read(descriptor, &chunk, count)
        #else
            Darwin.read(descriptor, &chunk, count)
        #endif
    }
}

extension RuleFileSystem.Failure {
    fileprivate init(errno: Int32) {
        switch errno {
        case ENOENT, ENOTDIR: self.init(reason: "there is no such file or folder")
        case EACCES, EPERM: self.init(reason: "permission denied")
        case EMFILE, ENFILE: self.init(reason: "too many files are open")
        case EISDIR: self.init(reason: "it is a folder")
        case ELOOP: self.init(reason: "its symbolic links go in a circle")
        default: self.init(reason: "error \(errno) of the system")
        }
    }
}
