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

    /// Nil for another scheme, without a host, with user information, or with what no URL holds.
    package init?(_ text: String) {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            let url = URL(string: text), let scheme = url.scheme?.lowercased(), scheme == "https" || scheme == "http",
            let host = url.host(percentEncoded: false), !host.isEmpty, url.user == nil, url.password == nil
        else { return nil }
        self.text = text
        isEncrypted = scheme == "https"
        let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.host = bare.lowercased()
    }

    /// Whether the host is this machine: `localhost`, 127.0.0.0/8 or `::1`.
    package var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether nobody on the way can read or change what is said: encrypted, or within this machine.
    package var isPrivate: Bool { isEncrypted || isLoopback }
}
