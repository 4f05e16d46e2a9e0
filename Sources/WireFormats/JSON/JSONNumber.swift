// SPDX-License-Identifier: Apache-2.0

/// A JSON number, kept as it was written so that no digit is lost.
package struct JSONNumber: Sendable, Equatable {
    /// The number's text, which follows RFC 8259 section 6.
    package let literal: String

    /// - Parameter text: checked by the parser
    init(checked literal: String) {
        self.literal = literal
    }

    /// The number as the closest finite double; nil if it is outside of a double's range.
    package var double: Double? {
        // Up to 2^53 every integer is a double.
        if let shortInteger { return Double(shortInteger) }
        guard let double = Double(literal), double.isFinite else { return nil }
        return double
    }

    /// The exact integer: `1e3` and `1000.0` are 1000. Nil if the number is not integral or not in `Int`'s range.
    package var integer: Int? {
        if let shortInteger { return shortInteger }
        var digits: [UInt8] = []  // significant digits, without leading zeros
        var scale = 0  // how many of them are after the point
        var isNegative = false
        var exponent = 0
        var isExponentNegative = false
        var part = Part.whole
        for byte in literal.utf8 {
            switch (byte, part) {
            case (UInt8(ascii: "-"), .exponent): isExponentNegative = true
            case (UInt8(ascii: "-"), _): isNegative = true
            case (UInt8(ascii: "+"), _): break
            case (UInt8(ascii: "."), _): part = .fraction
            case (UInt8(ascii: "e"), _), (UInt8(ascii: "E"), _): part = .exponent
            case (_, .exponent):
                // Larger exponents have the same result for any literal that fits in memory; they must only not overflow.
                exponent = min(exponent * 10 + Int(byte &- 0x30), 1 << 40)
            case (_, _):
                if part == .fraction { scale += 1 }
                if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte &- 0x30) }
            }
        }
        while let last = digits.last, last == 0 {
            digits.removeLast()
            scale -= 1
        }
        if digits.isEmpty { return 0 }
        let zeros = (isExponentNegative ? -exponent : exponent) - scale
        guard zeros >= 0, digits.count + zeros <= 19 else { return nil }
        return Self.integer(of: digits, zeros: zeros, isNegative: isNegative)
    }

    /// The number if it is written as at most 15 digits, as nearly all are; otherwise nil.
    private var shortInteger: Int? {
        let digits = literal.utf8
        guard digits.count <= 15 else { return nil }
        var number = 0
        for digit in digits {
            guard digit.isASCIIDigit else { return nil }
            number = number * 10 + Int(digit &- UInt8(ascii: "0"))
        }
        return number
    }

    private enum Part {
        case whole, fraction, exponent
    }

    private static func integer(of digits: [UInt8], zeros: Int, isNegative: Bool) -> Int? {
        var result = 0
        for index in 0..<(digits.count + zeros) {
            let digit = index < digits.count ? Int(digits[index]) : 0
            let (tens, isTooLarge) = result.multipliedReportingOverflow(by: 10)
            // Built downwards for a negative number: Int.min has no positive counterpart.
            let (sum, isOver) = tens.addingReportingOverflow(isNegative ? -digit : digit)
            if isTooLarge || isOver { return nil }
            result = sum
        }
        return result
    }
}
