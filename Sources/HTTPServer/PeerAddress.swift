// SPDX-License-Identifier: Apache-2.0

package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The IP address of a connection's other end.
package struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    /// `10.1.2.3` or `2001:db8::1`.
    package let description: String
    /// What is counted as one peer: the IPv4 address, or the first 64 bits of an IPv6 address, which are one site's to give out.
    let counted: UInt64

    package init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        self.init(text)
    }

    init?(_ text: String) {
        description = text
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            bytes = Array(bytes[..<4])
        } else if inet_pton(AF_INET6, text, &bytes) == 1 {
            // RFC 4291, section 2.5.5.2: a socket that takes both families shows IPv4 peers so.
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            bytes = isMapped ? Array(bytes[12...]) : Array(bytes[..<8])
        } else {
            return nil
        }
        counted = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension PeerAddress {
    /// Whether the text is an IPv4 address in four decimal parts.
    package static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1
    }
}
