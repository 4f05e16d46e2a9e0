// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import WireFormats

/// The IP address of the other end of a connection.
package struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    /// `10.1.2.3` or `2001:db8::1`.
    package let description: String
    /// Identifies the peer for limits: the IPv4 address, or the first 64 bits of an IPv6 address, which belong to one site.
    let counted: UInt64

    package init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        self.init(text)
    }

    init?(_ text: String) {
        description = text
        guard let address = IPAddress(text) else { return nil }
        counted = address.unmapped.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
