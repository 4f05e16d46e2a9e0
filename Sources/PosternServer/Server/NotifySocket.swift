// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The socket at which a service manager is told the state of this process, as sd_notify(3) of systemd describes it. A message is
/// one datagram of lines `NAME=value`.
final class NotifySocket: Sendable {
    private let descriptor: Int32
    private let address: UnixAddress

    /// - Parameter name: the value of `NOTIFY_SOCKET`: an absolute path, or `@` and the name of an abstract socket
    /// - Throws: `SetupError` if it is neither, or if there is no socket to send from
    init(_ name: String) throws(SetupError) {
        guard let address = UnixAddress(name) else {
            throw SetupError(["NOTIFY_SOCKET is neither an absolute path nor @ and a name, or is too long: \(name)"])
        }
        #if canImport(Darwin)
            let type = SOCK_DGRAM
        #else
            let type = Int32(SOCK_DGRAM.rawValue)
        #endif
        let descriptor = socket(AF_UNIX, type, 0)
        guard descriptor >= 0 else { throw SetupError(["cannot make a socket for NOTIFY_SOCKET (errno \(errno))"]) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        self.descriptor = descriptor
        self.address = address
    }

    deinit {
        close(descriptor)
    }

    /// Sends a message, without waiting.
    /// - Returns: false if it was not sent: the reader is too slow, or is gone
    func send(_ message: String) -> Bool {
        let bytes = Array(message.utf8)
        return address.withPointer { pointer, length in
            bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, Self.flags, pointer, length) } == bytes.count
        }
    }

    #if canImport(Darwin)
        private static let flags = Int32(0)
    #else
        private static let flags = Int32(MSG_NOSIGNAL)
    #endif
}

/// The address of a Unix socket.
private struct UnixAddress: Sendable {
    private let value: sockaddr_un
    private let length: Int

    /// - Parameter name: an absolute path, or `@` and a name; nil for anything else, and for what is too long
    init?(_ name: String) {
        var bytes = Array(name.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard isAbstract || bytes.first == UInt8(ascii: "/"), bytes.count > 1, !bytes.contains(0) else { return nil }
        if isAbstract { bytes[0] = 0 }
        var value = sockaddr_un()
        value.sun_family = sa_family_t(AF_UNIX)
        // A path ends with a zero byte; every byte of an abstract name counts.
        let capacity = MemoryLayout.size(ofValue: value.sun_path) - (isAbstract ? 0 : 1)
        guard bytes.count <= capacity else { return nil }
        withUnsafeMutableBytes(of: &value.sun_path) { $0.copyBytes(from: bytes) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        length = offset + bytes.count + (isAbstract ? 0 : 1)
        self.value = value
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: value) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}
