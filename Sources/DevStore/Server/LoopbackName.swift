// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Names and addresses of this machine itself.
package enum LoopbackName {
    /// `localhost` and names below it (RFC 6761 §6.3), 127.0.0.0/8, ::1.
    package static func isLoopback(_ host: String) -> Bool {
        let name = host.asciiLowercased
        if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || name == "[::1]" { return true }
        let octets = name.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count == 4 && octets.first == "127"
            && octets.allSatisfy { octet in
                octet.utf8.count <= 3 && octet.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(octet) != nil
            }
    }

    /// The same for a Host header, which may carry a port.
    ///
    /// A page of another site can make its own name point at 127.0.0.1 (DNS rebinding); its requests then carry that name.
    package static func isLoopback(authority: String) -> Bool {
        if authority.utf8.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: "]") else { return false }
            let rest = authority[authority.index(after: end)...].utf8
            let isPort = rest.first == UInt8(ascii: ":") && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
            guard rest.isEmpty || isPort else { return false }
            return isLoopback(String(authority[...end]))
        }
        return isLoopback(String(authority.prefix { $0 != ":" }))
    }
}
