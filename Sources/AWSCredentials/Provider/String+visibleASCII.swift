// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether there is nothing but visible ASCII.
    var isVisibleASCII: Bool { utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }
}

extension UInt8 {
    /// Whether the byte is `A` to `Z`, `a` to `z` or `0` to `9`.
    var isASCIILetterOrDigit: Bool { (0x30...0x39).contains(self) || (0x61...0x7a).contains(self | 0x20) }
}
