// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Where a listener listens: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address, without brackets.
    package let host: String
    /// 0 (any free port) to 65535.
    package let port: Int

    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Nil for what is not `host:port`. An IPv6 address is in brackets.
    package init?(_ text: String) {
        guard let address = try? HostPort(text), let port = address.port, !address.host.hasUnderscore else { return nil }
        self.init(host: address.host.text, port: port)
    }

    /// Whether other networks may reach it: it is neither of this machine nor private (RFC 1918, RFC 4193) nor link-local. A name of a
    /// host is not looked up, and counts as not exposed.
    package var isExposed: Bool {
        guard let address = IPAddress(host) else { return false }
        return !address.isLoopback && !address.isLinkLocal && !Self.privateRanges.contains { $0.contains(address) }
    }

    private static let privateRanges = [("10.0.0.0", 8), ("172.16.0.0", 12), ("192.168.0.0", 16), ("fc00::", 7)].compactMap {
        text, length in IPAddress(text).map { AddressRange(around: $0, prefixLength: length) }
    }

    /// As it would be written: `[::1]:8080`.
    package var description: String {
        host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    static func parse(_ text: String) throws(ValueError) -> ListenAddress {
        guard let address = ListenAddress(text) else {
            throw ValueError("\(text.quoted) is not host:port", "write 127.0.0.1:8080, or [::1]:8080")
        }
        return address
    }
}
