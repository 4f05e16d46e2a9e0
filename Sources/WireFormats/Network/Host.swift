// SPDX-License-Identifier: Apache-2.0

/// A host: a name, or an IP address (RFC 3986 §3.2.2).
package struct Host: Sendable, Hashable {
    /// As written; an IPv6 address without brackets.
    package let text: String
    /// Nil for a name.
    package let address: IPAddress?

    /// Reads labels of letters, digits, inner hyphens and `_`, or an address without brackets.
    ///
    /// Host names contain no `_` (RFC 1123 §2.1), but container networks use them; see ``hasUnderscore``.
    package init?(_ text: some StringProtocol) {
        self.text = String(text)
        address = IPAddress(text)
        guard address != nil || Self.isName(Array(text.utf8)) else { return nil }
    }

    private init(text: String, address: IPAddress?) {
        self.text = text
        self.address = address
    }

    /// Whether the host is this machine: `localhost`, a name under it (RFC 6761 §6.3), or a loopback address in any spelling.
    ///
    /// This is the only definition of loopback, for all places that allow plain http or trust a name because it is this machine.
    /// `OutgoingHTTP` connects such names only to loopback addresses, whatever the resolver returns.
    package var isLoopback: Bool {
        if let address { return address.isLoopback }
        let name = lowercased.text
        return name == "localhost" || name.hasSuffix(".localhost")
    }

    /// Whether the name has a `_`, which browsers and certificates do not accept everywhere.
    package var hasUnderscore: Bool { text.utf8.contains(UInt8(ascii: "_")) }

    /// The same host in lower case.
    package var lowercased: Host { Host(text: text.lowercased(), address: address) }

    /// As it is written before a port: an IPv6 address in brackets.
    package var bracketed: String { address?.isIPv6 == true ? "[\(text)]" : text }

    private static func isName(_ bytes: [UInt8]) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
            else { return false }
        }
        // Resolvers read such a name as an IPv4 address: 127.1, 2130706433, 0x7f.0.0.1 (WHATWG URL, "ends in a number").
        return labels.last.map { !isNumber($0) } ?? false
    }

    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(\.isASCIIDigit) { return true }
        return label.first == UInt8(ascii: "0") && label.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
            && label.dropFirst(2).allSatisfy { $0.hexDigitValue != nil }
    }
}
