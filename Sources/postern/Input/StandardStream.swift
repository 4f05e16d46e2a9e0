// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads and writes by file descriptors.
enum StandardStream {
    static let input: Int32 = 0
    static let output: Int32 = 1
    static let error: Int32 = 2

    /// Whether a person types what is read.
    static var inputIsTerminal: Bool { isatty(input) != 0 }

    /// Writes a text whole, without a buffer; what nobody reads any more is left out.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                #if canImport(Glibc)
                    Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                #elseif canImport(Musl)
                    Musl.write(descriptor, bytes.baseAddress, bytes.count)
                #else
                    Darwin.write(descriptor, bytes.baseAddress, bytes.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// All there is, or as much as is asked for; a pipe gives it in pieces. Nil where it cannot be read.
    static func read(_ descriptor: Int32, atMost limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < limit {
            let count = chunk.withUnsafeMutableBytes { buffer in
                let wanted = min(buffer.count, limit - bytes.count)
                #if canImport(Glibc)
                    return Glibc.read(descriptor, buffer.baseAddress, wanted)
                #elseif canImport(Musl)
                    return Musl.read(descriptor, buffer.baseAddress, wanted)
                #else
                    return Darwin.read(descriptor, buffer.baseAddress, wanted)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        return bytes
    }

    /// The same of a file; a pipe may stand in its place.
    static func read(path: String, atMost limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, atMost: limit)
    }
}
