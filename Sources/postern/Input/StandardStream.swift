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

    /// Whether a person types what is read.
    static var inputIsTerminal: Bool { isatty(input.rawValue) != 0 }

    /// Writes a whole text, without a buffer; what the reader no longer takes is dropped.
    static func write(_ text: String, to descriptor: FileDescriptor) {
        _ = try? descriptor.writeAll(text.utf8)
    }

    /// All there is, or as much as is asked for; a pipe gives it in pieces. Nil where it cannot be read.
    static func read(_ descriptor: FileDescriptor, atMost limit: Int) -> [UInt8]? {
        try? descriptor.readToEnd(limit: limit)
    }

    /// The same of a file; a pipe may stand in its place.
    static func read(path: String, atMost limit: Int) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        return read(file, atMost: limit)
    }
}
