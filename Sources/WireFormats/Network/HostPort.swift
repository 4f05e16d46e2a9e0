// SPDX-License-Identifier: Apache-2.0

/// `host`, `host:port`, `[v6]`, `[v6]:port`: the authority of a URL without user information (RFC 3986 §3.2), a `Host` field, or
/// the address of a listener.
package struct HostPort: Sendable, Hashable, CustomStringConvertible {
    package let host: Host
    /// 0 to 65535; nil if there is none.
    package let port: Int?

    /// - Throws: also if the port is empty
    package init(_ text: some StringProtocol) throws(HostPortError) {
        let bytes = Array(text.utf8)
        let isBracketed = bytes.first == UInt8(ascii: "[")
        let delimiter = bytes.firstIndex(of: isBracketed ? UInt8(ascii: "]") : UInt8(ascii: ":"))
        guard let end = delimiter ?? (isBracketed ? nil : bytes.endIndex) else { throw .host }
        guard let host = Host(String(decoding: bytes[(isBracketed ? 1 : 0)..<end], as: UTF8.self)) else { throw .host }
        guard (host.address?.isIPv6 == true) == isBracketed else { throw .host }
        self.host = host
        port = try Self.port(bytes[(isBracketed ? end + 1 : end)...])
    }

    /// As it is written in a URL: `[::1]:8080`.
    package var description: String {
        port.map { "\(host.bracketed):\($0)" } ?? host.bracketed
    }

    private static func port(_ text: ArraySlice<UInt8>) throws(HostPortError) -> Int? {
        guard let colon = text.first else { return nil }
        let digits = text.dropFirst()
        guard colon == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(\.isASCIIDigit),
            digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let port = Int(String(decoding: digits, as: UTF8.self)), port <= 65_535
        else { throw .port }
        return port
    }
}

/// Why a text is not a ``HostPort``.
package enum HostPortError: Error, Sendable, Hashable {
    /// Neither a name nor an address.
    case host
    /// Not 0 to 65535 in decimal without leading zeros.
    case port
}
