// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// An IP address or a CIDR block: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
package struct AddressRange: Sendable, Hashable {
    /// The network's bytes: 4 or 16.
    package let bytes: [UInt8]
    /// How many leading bits count.
    package let prefixLength: Int

    /// - Throws: What is no address, or has bits set behind the prefix (`10.0.0.1/8` may mean two things).
    static func parse(_ text: String) throws(ValueError) -> AddressRange {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = parts.first.flatMap({ IPAddress($0) }) else {
            throw ValueError("\(text.quoted) is not an address or CIDR block", "write 10.0.0.0/8, 2001:db8::/32 or 127.0.0.1")
        }
        let bits = address.bytes.count * 8
        guard parts.count == 2 else { return AddressRange(bytes: address.bytes, prefixLength: bits) }
        let length = try WholeNumber.parse(parts[1], what: "a prefix length", example: "10.0.0.0/8")
        guard length <= bits else {
            throw ValueError("\(text.quoted) has a prefix of more than \(bits) bits", "write at most /\(bits)")
        }
        let range = AddressRange(bytes: address.bytes, prefixLength: length)
        guard range.bytes == range.masked(address.bytes) else {
            throw ValueError(
                "\(text.quoted) has bits set behind its prefix",
                "write the block's first address, or leave out /\(length)"
            )
        }
        return range
    }

    /// Whether the address (`10.1.2.3`, `::1`, an IPv4-mapped `::ffff:10.1.2.3`) is in the range.
    package func contains(_ address: String) -> Bool {
        guard var other = IPAddress(address)?.bytes else { return false }
        // RFC 4291 §2.5.5.2: a socket that takes both families shows IPv4 peers so.
        if other.count == 16, bytes.count == 4, other[..<10].allSatisfy({ $0 == 0 }), other[10] == 0xFF, other[11] == 0xFF {
            other = Array(other[12...])
        }
        return other.count == bytes.count && masked(other) == bytes
    }

    private func masked(_ address: [UInt8]) -> [UInt8] {
        address.enumerated().map { place, byte in
            let kept = min(max(prefixLength - place * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
    }
}
