// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
extension RuleFileSystem {
    /// The disk.
    package static let local = RuleFileSystem { folder throws(Failure) in
        guard let stream = opendir(folder) else {
            throw errno == ENOTDIR ? Failure(reason: "it is not a folder") : Failure(errno: errno)
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let type = Int32(entry.pointee.d_type)
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            entries.append(Entry(name: name, isFolder: Self.isFolder(type, FilePath.join(folder, name))))
        }
        guard errno == 0 else { throw Failure(errno: errno) }
        return entries
    } read: { path, limit throws(Failure) in
        // Not blocking: opening a named pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(errno: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "it is not a regular file") }
        // One byte more than the file is said to have shows the end of it.
        let size = max(0, Int(status.st_size))
        var bytes = [UInt8](repeating: 0, count: size < limit ? size + 1 : limit)
        var end = 0
        while end < limit {
            if end == bytes.count { bytes += [UInt8](repeating: 0, count: min(65_536, limit - end)) }
            let count = Self.readSome(descriptor, into: &bytes, from: end)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(errno: errno) }
            if count == 0 { break }
            end += count
        }
        bytes.removeLast(bytes.count - end)
        return bytes
    }

    /// - Parameter type: `d_type` of readdir(3), which saves asking the file system where it is known and no link.
    private static func isFolder(_ type: Int32, _ path: @autoclosure () -> String) -> Bool {
        if type == Int32(DT_REG) { return false }
        if type == Int32(DT_DIR) { return true }
        var status = stat()
        return stat(path(), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func readSome(_ descriptor: Int32, into bytes: inout [UInt8], from start: Int) -> Int {
        bytes.withUnsafeMutableBytes { bytes in
            let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            #if canImport(Glibc)
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            #elseif canImport(Musl)
                return Musl.read(descriptor, rest.baseAddress, rest.count)
            #else
                return Darwin.read(descriptor, rest.baseAddress, rest.count)
            #endif
        }
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
