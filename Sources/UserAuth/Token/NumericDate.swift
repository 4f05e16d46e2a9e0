// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Seconds since 1970 as a claim writes them (RFC 7519 section 2), fractions included.
enum NumericDate {
    /// How much the clocks of the issuer and of this machine may differ, in seconds (RFC 7519 section 4.1.4).
    static let skew = 60.0
    /// 2^53: every whole number up to here is exact as a double, and far from any overflow.
    private static let range = 0.0...9_007_199_254_740_992

    /// Reads a claim; nil where it is no number, or out of range.
    static func read(_ value: JSONValue) -> Double? {
        guard case .number(let number) = value, let seconds = number.double, range.contains(seconds) else { return nil }
        return seconds
    }
}
