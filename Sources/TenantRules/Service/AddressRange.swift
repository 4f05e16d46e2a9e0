// SPDX-License-Identifier: Apache-2.0

/// An IP address or a CIDR block: `10.0.0.0/8`, `2001:db8::/32`, `127.0.0.1`.
package struct AddressRange: Sendable, Hashable {
    /// The network's bytes: 4 or 16.
    package let bytes: [UInt8]
    /// How many leading bits count.
    package let prefixLength: Int
}
