// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A client with a socket of its own, on this machine. Its calls wait on a thread of its own, for tests share the others.
final class SocketClient: Sendable {
    struct Failure: Error {
        let number = errno
    }

    private let descriptor: CInt

    /// Connects, which the kernel does without the server's help.
    init(port: Int) throws {
        #if canImport(Glibc)
            let type = CInt(SOCK_STREAM.rawValue)
        #else
            let type = SOCK_STREAM
        #endif
        descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw Failure() }
        // A test that fails must end.
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw Failure() }
    }

    deinit {
        close(descriptor)
    }

    func send(_ text: String) async throws {
        try await onOwnThread { try Self.send(text, self.descriptor) }
    }

    private static func send(_ text: String, _ descriptor: CInt) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw Failure() }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends nothing more.
    func closeOutput() {
        shutdown(descriptor, CInt(SHUT_WR))
    }

    /// Reads up to so many bytes, or to the end.
    func receive(_ most: Int = .max) async throws -> String {
        try await onOwnThread { try Self.receive(most, self.descriptor) }
    }

    private static func receive(_ most: Int, _ descriptor: CInt) throws -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < most {
            let count = read(descriptor, &piece, min(piece.count, most - bytes.count))
            guard count >= 0 else { throw Failure() }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads to the end.
    /// - Returns: how many bytes that were
    func drain() async throws -> Int {
        try await onOwnThread { try Self.drain(self.descriptor) }
    }

    private static func drain(_ descriptor: CInt) throws -> Int {
        var total = 0
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &piece, piece.count)
            guard count >= 0 else { throw Failure() }
            if count == 0 { return total }
            total += count
        }
    }
}
