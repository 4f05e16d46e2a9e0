// SPDX-License-Identifier: Apache-2.0

/// Regular expressions of whole numbers in decimal, without leading zeros.
enum WholeNumberPattern {
    static let any = "(?:0|[1-9][0-9]*)"

    /// - Parameter range: of numbers that are not negative
    static func of(_ range: ClosedRange<Int>) -> String {
        var alternatives: [String] = []
        // The numbers of digits of which all numbers are in the range.
        var whole: [Int] = []
        var least = range.lowerBound
        while least <= range.upperBound {
            let digits = String(least).utf8.count
            let most = min(Int(String(repeating: "9", count: digits)) ?? .max, range.upperBound)
            let (first, last) = (Array(String(least).utf8), Array(String(most).utf8))
            if first.first == UInt8(ascii: "1"), first.dropFirst().allSatisfy({ $0 == UInt8(ascii: "0") }),
                last.allSatisfy({ $0 == UInt8(ascii: "9") })
            {
                whole.append(digits - 1)
            } else {
                alternatives += between(first[...], last[...])
            }
            if most == .max { break }
            least = most + 1
        }
        if let fewest = whole.first, let most = whole.last { alternatives.insert("[1-9][0-9]{\(fewest),\(most)}", at: 0) }
        return "(?:\(alternatives.joined(separator: "|")))"
    }

    /// The numbers between two that have as many digits.
    private static func between(_ least: ArraySlice<UInt8>, _ most: ArraySlice<UInt8>) -> [String] {
        guard let low = least.first, let high = most.first else { return [""] }
        let (zero, nine) = (UInt8(ascii: "0"), UInt8(ascii: "9"))
        let rest = least.count - 1
        if low == high { return between(least.dropFirst(), most.dropFirst()).map { digit(low, low) + $0 } }
        var (first, last) = (low, high)
        var alternatives: [String] = []
        if least.dropFirst().contains(where: { $0 != zero }) {
            alternatives += between(least.dropFirst(), [UInt8](repeating: nine, count: rest)[...]).map { digit(low, low) + $0 }
            first += 1
        }
        var behind: [String] = []
        if most.dropFirst().contains(where: { $0 != nine }) {
            behind = between([UInt8](repeating: zero, count: rest)[...], most.dropFirst()).map { digit(high, high) + $0 }
            last -= 1
        }
        if first <= last {
            alternatives.append(digit(first, last) + (rest == 0 ? "" : rest == 1 ? "[0-9]" : "[0-9]{\(rest)}"))
        }
        return alternatives + behind
    }

    private static func digit(_ low: UInt8, _ high: UInt8) -> String {
        let (low, high) = (Character(Unicode.Scalar(low)), Character(Unicode.Scalar(high)))
        return low == high ? "\(low)" : "[\(low)-\(high)]"
    }
}
