// SPDX-License-Identifier: Apache-2.0

/// An IP address or a CIDR block: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
package struct AddressRange: Sendable, Hashable {
    /// The network's bytes: 4 or 16.
    package let bytes: [UInt8]
    /// The number of leading bits that are compared.
    package let prefixLength: Int

    /// - Throws: if it is not an address or block, or has bits set after the prefix (`10.0.0.1/8` is ambiguous)
    package static func parse(_ text: String) throws(ValueError) -> AddressRange {
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

    /// Whether the address is in the range. An IPv4-mapped address is also in ranges of IPv4.
    package func contains(_ address: IPAddress) -> Bool {
        let other = bytes.count == 4 ? address.unmapped.bytes : address.bytes
        return other.count == bytes.count && masked(other) == bytes
    }

    /// The same for an address as text; false if it is not an address.
    package func contains(_ address: String) -> Bool {
        IPAddress(address).map { contains($0) } ?? false
    }

    private func masked(_ address: [UInt8]) -> [UInt8] { Self.masked(address, prefixLength) }

    private static func masked(_ address: [UInt8], _ prefixLength: Int) -> [UInt8] {
        address.enumerated().map { place, byte in
            let kept = min(max(prefixLength - place * 8, 0), 8)
            return byte & UInt8(truncatingIfNeeded: 0xFF00 >> kept)
        }
    }
}

extension AddressRange {
    /// The block that an address is in.
    /// - Parameter prefixLength: 0 to the number of the address's bits
    package init(around address: IPAddress, prefixLength: Int) {
        self.init(bytes: Self.masked(address.bytes, prefixLength), prefixLength: prefixLength)
    }
}
