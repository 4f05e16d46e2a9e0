// SPDX-License-Identifier: Apache-2.0

import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where audit lines are written: a file, a named pipe, or standard output. Used by one thread at a time.
///
/// - A file is opened for appending, and created if there is none. It is opened again when another file, or none, is at its path: then
///   it was renamed or removed, as `logrotate` does. A pipe is opened again likewise, also while its
///   reader does not read.
/// - What is written after a line that was cut off begins with a newline, so that only that line is lost.
/// - A pipe gets whole lines in each `write`, of at most `PIPE_BUF` bytes together: these are never cut off.
struct AuditDestination {
    /// The path of a file or named pipe; `-` for standard output.
    let name: String
    /// Whether what was written must be on the disk before it counts.
    private let isSynchronous: Bool
    private let calls: SystemCalls
    /// Nil while it cannot be opened.
    private var opened: Opened?

    /// What was opened.
    private struct Opened {
        let descriptor: FileDescriptor
        let kind: Kind
        /// Whether the last line has no newline.
        var isCutOff: Bool

        /// Whether it is a file that was removed, or whose file system is not mounted any more.
        var isLost: Bool {
            guard case .file(let identity) = kind, let status = try? descriptor.stat() else { return false }
            if status.linkCount == 0 { return true }
            guard let path = pathOfFile(descriptor) else { return false }
            do throws(Errno) {
                return Identity(try path.stat()) != identity
            } catch {
                return error == .noSuchFileOrDirectory
            }
        }
    }

    private enum Kind: Equatable {
        case standardOutput(isPipe: Bool)
        /// A pipe, or a device.
        case pipe(Identity)
        case file(Identity)

        var isPipe: Bool {
            switch self {
            case .standardOutput(let isPipe): isPipe
            case .pipe: true
            case .file: false
            }
        }

        /// Nil for standard output.
        var identity: Identity? {
            switch self {
            case .standardOutput: nil
            case .pipe(let identity), .file(let identity): identity
            }
        }
    }

    private struct Identity: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ status: Stat) {
            device = UInt64(status.deviceID.rawValue)
            inode = UInt64(status.inode.rawValue)
        }
    }

    /// The system's functions, which tests replace.
    struct SystemCalls: Sendable {
        var write: @Sendable (FileDescriptor, UnsafeRawBufferPointer) throws(Errno) -> Int = { descriptor, bytes throws(Errno) in
            let count = systemWrite(descriptor.rawValue, bytes.baseAddress, bytes.count)
            guard count >= 0 else { throw Errno(rawValue: errno) }
            return count
        }
        var synchronize: @Sendable (FileDescriptor) throws(Errno) -> Void = { descriptor throws(Errno) in
            guard fdatasync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// Does not open it.
    /// - Parameter isSynchronous: whether what was written must be on the disk before it counts
    init(_ name: String, isSynchronous: Bool, calls: SystemCalls = SystemCalls()) {
        self.name = name
        self.isSynchronous = isSynchronous
        self.calls = calls
    }

    // MARK: Opening

    /// Opens it, if it is not open, or if another file is at its path.
    /// - Parameter isForced: whether to open it again in any case
    /// - Throws: Why it cannot be opened. If it was open, it still is, and is used, unless nobody could find what is written to it.
    mutating func open(again isForced: Bool = false) throws(Errno) {
        if let opened, !isForced, isStillThere(opened.kind) { return }
        do throws(Errno) {
            let next = try name == "-" ? Self.openStandardOutput() : Self.open(name)
            close()
            opened = next
        } catch {
            if let opened, opened.isLost { close() }
            throw error
        }
    }

    /// Whether what is open is what its path leads to.
    private func isStillThere(_ kind: Kind) -> Bool {
        guard let identity = kind.identity else { return true }
        guard let status = try? FilePath(name).stat() else { return false }
        return Identity(status) == identity
    }

    private static func openStandardOutput() throws(Errno) -> Opened {
        let status = try mapping { try FileDescriptor.standardOutput.stat() }
        return Opened(
            descriptor: .standardOutput, kind: .standardOutput(isPipe: status.type == .fifo), isCutOff: false)
    }

    private static func open(_ path: String) throws(Errno) -> Opened {
        try mapping {
            // Without `nonBlocking`, a named pipe would wait for its reader, here and when it is full.
            let descriptor = try FileDescriptor.open(
                path, .writeOnly, options: [.append, .create, .nonBlocking, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead])
            do {
                let status = try descriptor.stat()
                switch status.type {
                case .regular:
                    return Opened(
                        descriptor: descriptor, kind: .file(Identity(status)),
                        isCutOff: status.size > 0 && endsInsideOfLine(path, size: status.size))
                case .fifo, .characterSpecial:
                    return Opened(descriptor: descriptor, kind: .pipe(Identity(status)), isCutOff: false)
                default:
                    throw Errno.notSupported
                }
            } catch {
                try? descriptor.close()
                throw error
            }
        }
    }

    /// Whether the last byte of a file is no newline. A file that cannot be read may be one: an empty line does no harm.
    private static func endsInsideOfLine(_ path: String, size: Int64) -> Bool {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.nonBlocking, .closeOnExec]) else {
            return true
        }
        defer { try? descriptor.close() }
        var byte: UInt8 = 0
        let count = withUnsafeMutableBytes(of: &byte) { buffer in
            (try? descriptor.read(fromAbsoluteOffset: size - 1, into: buffer)) ?? 0
        }
        return count != 1 || byte != UInt8(ascii: "\n")
    }

    private static func mapping<Result>(_ body: () throws -> Result) throws(Errno) -> Result {
        do {
            return try body()
        } catch {
            throw error as? Errno ?? .ioError
        }
    }

    /// Closes a file or pipe. Standard output stays open.
    mutating func close() {
        if let opened, opened.descriptor != .standardOutput { try? opened.descriptor.close() }
        opened = nil
    }

    /// Why it cannot be opened or written, for operators: `audit.jsonl: No space left on device`.
    func reason(_ error: Errno) -> String {
        let text =
            switch error {
            case .noSuchAddressOrDevice, .brokenPipe: "nobody reads the pipe"
            case .wouldBlock: "its reader has stopped reading, or is too slow"
            case .notSupported: "it is neither a file nor a named pipe"
            case .noSuchFileOrDirectory: "its folder does not exist"
            default: error.description
            }
        return "\(name): \(text)"
    }

    // MARK: Writing

    /// Writes lines, each of which ends in a newline.
    /// - Parameter isCancelled: asked now and then while a pipe is full; true ends the wait, as does another pipe in its place
    /// - Returns: how many bytes are written, and why not all are
    mutating func write(_ lines: [UInt8], isCancelled: () -> Bool) -> (count: Int, error: Errno?) {
        if opened?.isCutOff ?? false {
            let (count, error) = append([UInt8(ascii: "\n")], isCancelled)
            guard count == 1 else { return (0, error) }
        }
        let (count, error) = append(lines, isCancelled)
        do throws(Errno) {
            if isSynchronous, let opened, case .file = opened.kind { try calls.synchronize(opened.descriptor) }
        } catch {
            return (0, error)
        }
        // The reader is gone. Opening the pipe again fails until there is another one.
        if error == .brokenPipe { close() }
        return (count, error)
    }

    private mutating func append(_ bytes: [UInt8], _ isCancelled: () -> Bool) -> (count: Int, error: Errno?) {
        guard let opened else { return (0, .badFileDescriptor) }
        var count = 0
        defer { if count > 0 { self.opened?.isCutOff = bytes[count - 1] != UInt8(ascii: "\n") } }
        while count < bytes.count {
            do throws(Errno) {
                let end = opened.kind.isPipe ? Self.endOfLines(in: bytes[count...], atMost: Int(PIPE_BUF)) : bytes.count
                let written = try write(bytes.span, from: count, to: end, opened.descriptor)
                // A file that takes no bytes and reports no error would be written to for ever.
                guard written > 0 else { return (count, .ioError) }
                count += written
            } catch .interrupted {
                continue
            } catch .wouldBlock {
                if isCancelled() || !isStillThere(opened.kind) { return (count, .wouldBlock) }
                Self.waitUntilWritable(opened.descriptor)
            } catch {
                return (count, error)
            }
        }
        return (count, nil)
    }

    private func write(_ bytes: Span<UInt8>, from start: Int, to end: Int, _ descriptor: FileDescriptor) throws(Errno) -> Int {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(Errno) in try calls.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[start..<end])) }
        }
        return try result.get()
    }

    /// The end of the whole lines at the beginning of `bytes` that have at most `maximum` bytes together, or of the first line.
    private static func endOfLines(in bytes: ArraySlice<UInt8>, atMost maximum: Int) -> Int {
        guard bytes.count > maximum else { return bytes.endIndex }
        let newline = UInt8(ascii: "\n")
        if let last = bytes.prefix(maximum).lastIndex(of: newline) { return last + 1 }
        return bytes.firstIndex(of: newline).map { $0 + 1 } ?? bytes.endIndex
    }

    /// Waits 50 ms at most.
    private static func waitUntilWritable(_ descriptor: FileDescriptor) {
        var entry = pollfd(fd: descriptor.rawValue, events: Int16(POLLOUT), revents: 0)
        _ = poll(&entry, 1, 50)
    }
}

/// Where a file is now, also after it was renamed; nil where the system does not tell.
private func pathOfFile(_ descriptor: FileDescriptor) -> FilePath? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlink("/proc/self/fd/\(descriptor.rawValue)", &bytes, bytes.count - 1) > 0 else { return nil }
    return FilePath(platformString: bytes)
}

private func systemWrite(_ descriptor: CInt, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, start, count)
}
