// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

extension InstantFormat {
    /// Reads `2026-01-01T00:05:00Z`, with a fraction of a second if need be; nil for any other form, an offset too, and for
    /// days and times that do not exist.
    package static func date(iso8601Extended text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: "T"),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let fraction = fraction(bytes[19..<(bytes.count - 1)])
        else { return nil }
        let date = date(bytes[0..<4], bytes[5..<7], bytes[8..<10], bytes[11..<13], bytes[14..<16], bytes[17..<19])
        return date.map { $0 + fraction }
    }

    /// Reads `20260101T000500Z`; nil for any other form, and for days and times that do not exist.
    package static func date(iso8601Basic text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z") else { return nil }
        return date(bytes[0..<4], bytes[4..<6], bytes[6..<8], bytes[9..<11], bytes[11..<13], bytes[13..<15])
    }

    private static func date(
        _ year: ArraySlice<UInt8>, _ month: ArraySlice<UInt8>, _ day: ArraySlice<UInt8>,
        _ hour: ArraySlice<UInt8>, _ minute: ArraySlice<UInt8>, _ second: ArraySlice<UInt8>
    ) -> Date? {
        guard let year = number(year), let month = number(month), let day = number(day),
            let hour = number(hour), let minute = number(minute), let second = number(second),
            (1...12).contains(month), hour < 24, minute < 60, second < 60
        else { return nil }
        let days = CivilTime.dayNumber(year: year, month: month, day: day)
        let nextMonth = month == 12 ? (year: year + 1, month: 1) : (year: year, month: month + 1)
        guard day >= 1, days < CivilTime.dayNumber(year: nextMonth.year, month: nextMonth.month, day: 1) else { return nil }
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3600 + minute * 60 + second))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.allSatisfy(\.isASCIIDigit) else { return nil }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// Reads nothing, or a point and one to nine digits, as seconds.
    private static func fraction(_ bytes: ArraySlice<UInt8>) -> Double? {
        guard let first = bytes.first else { return 0 }
        let digits = bytes.dropFirst()
        guard first == UInt8(ascii: "."), (1...9).contains(digits.count), let number = number(digits) else { return nil }
        return digits.reduce(Double(number)) { value, _ in value / 10 }
    }
}
