// SPDX-License-Identifier: Apache-2.0

import LocalFiles
import SystemPackage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads and writes by file descriptors.
enum StandardStream {
    static let input = FileDescriptor.standardInput
    static let output = FileDescriptor.standardOutput
    static let error = FileDescriptor.standardError

    /// Whether standard input is a terminal.
    static var inputIsTerminal: Bool { isatty(input.rawValue) != 0 }

    /// Whether standard output is a terminal.
    static var outputIsTerminal: Bool { isatty(output.rawValue) != 0 }

    /// Writes a text without buffering it. Errors are ignored: the reader may have gone.
    static func write(_ text: String, to descriptor: FileDescriptor) {
        _ = try? descriptor.writeAll(text.utf8)
    }

    /// Reads to the end, or up to a limit; nil if that fails.
    static func read(_ descriptor: FileDescriptor, atMost limit: Int) -> [UInt8]? {
        try? descriptor.readToEnd(limit: limit)
    }

    /// Reads a file, which may be a pipe, to its end or up to a limit; nil if that fails.
    static func read(path: String, atMost limit: Int) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        return read(file, atMost: limit)
    }
}
