// SPDX-License-Identifier: Apache-2.0

/// Whole numbers in decimal digits, no sign, no leading zero.
package enum WholeNumber {
    /// - Throws: an error that names `what` ("a size") if it is not digits, has a leading zero, or is too large for 64 bits
    package static func parse(_ text: some StringProtocol, what: String, example: String) throws(ValueError) -> Int {
        let digits = text.utf8
        guard !digits.isEmpty, digits.allSatisfy(\.isASCIIDigit) else {
            throw ValueError("\(String(text).quoted) is not \(what)", "write \(example)")
        }
        // 010 is 8 to some readers and 10 to others.
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else {
            throw ValueError("\(String(text).quoted) begins with a zero", "write \(example), without leading zeros")
        }
        guard let value = Int(String(text)) else {
            throw ValueError("\(String(text).quoted) is too large", "write \(what) like \(example)")
        }
        return value
    }
}
