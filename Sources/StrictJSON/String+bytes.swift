// SPDX-License-Identifier: Apache-2.0

extension String {
    /// Whether both have the same UTF-8.
    ///
    /// `==` follows canonical equivalence ("é" equals "e\u{301}"), which would let two different member names pass for one.
    package func hasSameBytes(as other: String) -> Bool {
        // Equal bytes imply `==`, whose fast path settles nearly every difference.
        utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
    }
}
