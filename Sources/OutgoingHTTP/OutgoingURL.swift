// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An absolute `http` or `https` URL, taken apart to judge whether it may be requested.
package struct OutgoingURL: Sendable, Hashable {
    /// As it was given.
    package let text: String
    /// Whether the scheme is `https`.
    package let isEncrypted: Bool
    /// The host in lower case, without the brackets of an IPv6 address.
    package let host: String
    /// The host as the URL has it, without the brackets of an IPv6 address.
    let hostAsWritten: String

    /// Nil for another scheme, without a host, with user information, with a port that there is not, or with what no URL holds.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            let url = URL(string: text), let scheme = url.scheme?.lowercased(), scheme == "https" || scheme == "http",
            let host = url.host(percentEncoded: false), !host.isEmpty, url.user == nil, url.password == nil,
            // The HTTP client stops the process at a port that it cannot hold, and a provider's document may name one.
            Self.hasPossiblePort(text, url)
        else { return nil }
        self.text = text
        isEncrypted = scheme == "https"
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        hostAsWritten = bare
        self.host = bare.lowercased()
    }

    /// Whether the port is left out or one of 1 to 65535. A port that is too long for a number must not pass for one left out.
    private static func hasPossiblePort(_ text: String, _ url: URL) -> Bool {
        if let port = url.port { return (1...65_535).contains(port) }
        guard let start = text.utf8.firstRange(of: "//".utf8)?.upperBound else { return false }
        let authority = text.utf8[start...].prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        let afterAddress = authority.lastIndex(of: UInt8(ascii: "]")) ?? authority.startIndex
        return !authority[afterAddress...].contains(UInt8(ascii: ":"))
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether the request cannot be read or changed on its way: encrypted, or within this machine.
    package var isProtected: Bool { isEncrypted || isLoopback }
}
