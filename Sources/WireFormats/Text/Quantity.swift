// SPDX-License-Identifier: Apache-2.0

/// A kind of quantity that is written as a whole number and a unit: sizes and durations.
package struct Quantity {
    /// In the order in which messages list them.
    package let units: [(name: String, factor: Int)]
    /// `a size`.
    package let what: String
    /// `5MiB`.
    package let example: String
    /// Whether the unit may be left out.
    package let allowsBareNumber: Bool

    /// Sizes in bytes.
    package static let size = Quantity(
        units: [
            ("B", 1), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000),
            ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30),
        ],
        what: "a size",
        example: "5MiB",
        allowsBareNumber: true
    )
    /// Durations in seconds.
    package static let duration = Quantity(
        units: [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)],
        what: "a duration",
        example: "5m",
        allowsBareNumber: false
    )
    /// Short durations in milliseconds.
    package static let interval = Quantity(
        units: [("ms", 1), ("s", 1000), ("m", 60_000)], what: "a duration", example: "5s", allowsBareNumber: false)

    package func parse(_ text: String) throws(ValueError) -> Int {
        let bytes = Array(text.utf8)
        let digits = bytes.prefix(while: \.isASCIIDigit)
        let unit = String(decoding: bytes[digits.endIndex...], as: UTF8.self)
        guard !digits.isEmpty else {
            throw ValueError("\(text.quoted) is not \(what)", "write a whole number and a unit (\(names)): \(example)")
        }
        if unit.isEmpty, !allowsBareNumber {
            throw ValueError("\(text.quoted) has no unit", "add one of \(names): \(text)\(units.first?.name ?? "")")
        }
        guard let factor = unit.isEmpty ? 1 : units.first(where: { $0.name == unit })?.factor else {
            throw ValueError("\(text.quoted) is not \(what)", advice(digits: String(decoding: digits, as: UTF8.self), unit: unit))
        }
        let number = try WholeNumber.parse(String(decoding: digits, as: UTF8.self), what: what, example: example)
        let (value, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw ValueError("\(text.quoted) is too large", "write \(what) like \(example)") }
        return value
    }

    private var names: String { units.map(\.name).joined(separator: ", ") }

    private func advice(digits: String, unit: String) -> String {
        let letters = unit.filter { $0.isASCII && $0.isLetter }.lowercased()
        if unit.utf8.first == UInt8(ascii: ".") {
            return "write a whole number, in a smaller unit where needed (\(names))"
        }
        let near = units.filter { !letters.isEmpty && $0.name.lowercased().hasPrefix(letters) }.map { digits + $0.name }
        return near.isEmpty
            ? "write a whole number and a unit (\(names)): \(example)" : "write \(near.joined(separator: " or "))"
    }
}

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
