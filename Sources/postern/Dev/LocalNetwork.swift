// SPDX-License-Identifier: Apache-2.0

import RuleFiles
import WireFormats

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The addresses of this machine on local networks.
enum LocalNetwork {
    /// Interfaces of containers and virtual machines, which a phone cannot reach.
    private static let virtualPrefixes = [
        "docker", "br-", "veth", "virbr", "vnet", "vmnet", "cni", "flannel", "tun", "tap", "utun", "wg",
    ]

    /// The IPv4 address that a phone on the same network can reach; nil if there is none. It is read from the list of interfaces, and
    /// nothing is sent.
    static var address: String? {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return nil }
        defer { freeifaddrs(first) }
        var found: [(isVirtual: Bool, address: String)] = []
        for interface in sequence(first: first, next: { $0?.pointee.ifa_next }) {
            guard let interface = interface?.pointee, interface.ifa_flags & UInt32(IFF_UP) != 0, let socket = interface.ifa_addr,
                socket.pointee.sa_family == sa_family_t(AF_INET)
            else { continue }
            let bytes = socket.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee.sin_addr.s_addr }
            let text = withUnsafeBytes(of: bytes) { $0.map(String.init).joined(separator: ".") }
            guard let address = IPAddress(text), !address.isLoopback, isUsable(text) else { continue }
            let name = String(cString: interface.ifa_name)
            found.append((virtualPrefixes.contains { name.hasPrefix($0) }, text))
        }
        return (found.first { !$0.isVirtual } ?? found.first)?.address
    }

    /// Whether `postern dev`, which gives tokens to anyone, may listen on an address: one of loopback, or of a private network (RFC 1918,
    /// RFC 4193).
    static func isUsable(_ text: String) -> Bool {
        guard let address = IPAddress(text), !address.isLinkLocal, !address.isUnspecified else { return false }
        return !ListenAddress(host: text, port: 0).isExposed
    }
}
