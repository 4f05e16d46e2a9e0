// SPDX-License-Identifier: Apache-2.0

/// An IPv4 or IPv6 address, read from its text (RFC 4291 §2.2; IPv4 in four decimal parts only; no zone).
package struct IPAddress: Sendable, Hashable {
    /// 4 bytes for IPv4, 16 for IPv6.
    package let bytes: [UInt8]

    package init?(_ text: some StringProtocol) {
        let utf8 = Array(text.utf8)
        guard let bytes = utf8.contains(UInt8(ascii: ":")) ? Self.version6(utf8) : Self.version4(utf8[...]) else { return nil }
        self.bytes = bytes
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The IPv4 address that an IPv4-mapped IPv6 address such as `::ffff:10.1.2.3` contains; any other address itself.
    ///
    /// A socket for both families shows IPv4 peers as mapped addresses, and connects to them (RFC 4291 §2.5.5.2).
    package var unmapped: IPAddress {
        let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? IPAddress(bytes: Array(bytes[12...])) : self
    }

    package var isIPv6: Bool { bytes.count == 16 }

    /// 127.0.0.0/8 (RFC 1122 §3.2.1.3) or ::1 (RFC 4291 §2.5.3), also IPv4-mapped.
    package var isLoopback: Bool {
        let bytes = unmapped.bytes
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }

    /// 169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291 §2.5.6), also IPv4-mapped. Clouds serve instance metadata there.
    package var isLinkLocal: Bool {
        let bytes = unmapped.bytes
        return bytes.count == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }

    /// 0.0.0.0 or ::, also IPv4-mapped. A connection to it reaches this machine.
    package var isUnspecified: Bool {
        unmapped.bytes.allSatisfy { $0 == 0 }
    }

    private static func version4(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            // 010 is octal to inet_aton and decimal to others: refused.
            guard !part.isEmpty, part.count <= 3, part.allSatisfy(\.isASCIIDigit),
                part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            bytes.append(value)
        }
        return bytes
    }

    private static func version6(_ text: [UInt8]) -> [UInt8]? {
        let colon = UInt8(ascii: ":")
        var halves: [ArraySlice<UInt8>] = [text[...]]
        if let gap = text.indices.dropLast().first(where: { text[$0] == colon && text[$0 + 1] == colon }) {
            halves = [text[..<gap], text[(gap + 2)...]]
        }
        var groups: [[UInt8]] = []
        for (place, half) in halves.enumerated() {
            guard let bytes = groupBytes(half, endsAddress: place == halves.count - 1) else { return nil }
            groups.append(bytes)
        }
        let count = groups.reduce(0) { $0 + $1.count }
        if halves.count == 1 { return count == 16 ? groups[0] : nil }
        // "::" means at least one group.
        guard count <= 14 else { return nil }
        return groups[0] + [UInt8](repeating: 0, count: 16 - count) + groups[1]
    }

    private static func groupBytes(_ text: ArraySlice<UInt8>, endsAddress: Bool) -> [UInt8]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (place, part) in parts.enumerated() {
            if endsAddress, place == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let tail = version4(part) else { return nil }
                bytes += tail
            } else {
                guard part.count <= 4, part.allSatisfy({ $0.hexDigitValue != nil }),
                    let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
            }
        }
        return bytes
    }
}
