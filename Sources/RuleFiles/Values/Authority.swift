// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// `host`, `host:port`, `[v6]`, `[v6]:port`: the authority of a URL without user information (RFC 3986 §3.2).
struct Authority: Sendable, Hashable {
    /// A name or an address, without brackets, as written.
    let host: String
    /// As written, or nil.
    let port: Int?
    let isIPv6: Bool

    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        var rest = bytes[...]
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = String(decoding: rest[1..<end], as: UTF8.self)
            guard host.utf8.contains(UInt8(ascii: ":")), IPAddress(host) != nil else { return nil }
            isIPv6 = true
            rest = rest[(end + 1)...]
        } else {
            let name = rest.prefix { $0 != UInt8(ascii: ":") }
            host = String(decoding: name, as: UTF8.self)
            guard Self.isName(name) else { return nil }
            isIPv6 = false
            rest = rest[name.endIndex...]
        }
        guard let colon = rest.first else {
            port = nil
            return
        }
        let digits = rest.dropFirst()
        guard colon == UInt8(ascii: ":"), !digits.isEmpty, digits.count <= 5, digits.allSatisfy(\.isASCIIDigit),
            digits.count == 1 || digits.first != UInt8(ascii: "0"),
            let number = Int(String(decoding: digits, as: UTF8.self)), number <= 65_535
        else { return nil }
        port = number
    }

    /// `localhost`, a name under it (RFC 6761 §6.3), 127.0.0.0/8 or ::1.
    var isLoopback: Bool {
        let name = host.lowercased()
        return name == "localhost" || name.hasSuffix(".localhost") || IPAddress(host)?.isLoopback == true
    }

    /// The same without names under `localhost`: the resolver is free to send them elsewhere, so nothing secret and nothing
    /// that is believed may go there unencrypted.
    var isCertainlyLoopback: Bool {
        isLoopback && !host.lowercased().hasSuffix(".localhost")
    }

    /// Labels of letters, digits and inner hyphens; a name whose last label is a number must be an IPv4 address.
    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard bytes.count <= 253 else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard !label.isEmpty, label.count <= 63, label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy({ $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "-") })
            else { return false }
        }
        if labels.last?.allSatisfy(\.isASCIIDigit) == true {
            return IPAddress(String(decoding: bytes, as: UTF8.self)) != nil
        }
        return true
    }
}
