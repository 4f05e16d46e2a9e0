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
        guard let authority = Authority(text), let port = authority.port else { return nil }
        self.init(host: authority.host, port: port)
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
