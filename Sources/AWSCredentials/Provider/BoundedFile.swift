// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads the files that credentials come from: whole, bounded, and never waiting for one that is no file.
package enum BoundedFile {
    /// More than any token, or any file of profiles, has.
    package static let limit = 1 << 20

    /// Reads a regular file anew.
    package static func read(_ path: String) throws(FileProblem) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw .missing }
        // A pipe would block for as long as nobody writes to it.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw problem(errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw problem(errno) }
        if status.st_mode & S_IFMT == S_IFDIR { throw .unreadable("it is a folder") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegular }
        return try contents(file)
    }

    private static func contents(_ file: Int32) throws(FileProblem) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = chunk.withUnsafeMutableBytes { Self.read(file, $0) }
            if count == 0 { return bytes }
            guard count > 0 else { throw problem(errno) }
            bytes += chunk.prefix(count)
            if bytes.count > limit { throw .tooLarge(limit: limit) }
        }
    }

    /// Reads what is there now, and again where a signal came between.
    private static func read(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            #if canImport(Glibc)
                let count = Glibc.read(file, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
                let count = Musl.read(file, buffer.baseAddress, buffer.count)
            #else
                let count = Darwin.read(file, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private static func problem(_ code: Int32) -> FileProblem {
        switch code {
        case ENOENT, ENOTDIR: .missing
        case EACCES, EPERM: .unreadable("it may not be read by the account that Postern runs as")
        case EMFILE, ENFILE: .unreadable("no file descriptors are left")
        default: .unreadable("it cannot be read (error \(code))")
        }
    }
}
