// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// RFC 3339: a date, meaning the start of that day in UTC, or a date-time with its offset.
enum Timestamp {
    static func parse(_ text: String) throws(ValueError) -> Date {
        guard let date = read(Array(text.utf8)) else {
            throw ValueError(
                "\(text.quoted) is not a date",
                "write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z"
            )
        }
        return date
    }

    private static func read(_ bytes: [UInt8]) -> Date? {
        guard bytes.count >= 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]), let day = number(bytes[8..<10])
        else { return nil }
        guard let midnight = midnight(year: year, month: month, day: day) else { return nil }
        if bytes.count == 10 { return Date(timeIntervalSince1970: Double(midnight)) }
        guard bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"), bytes.count >= 20,
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = number(bytes[11..<13]), hour < 24,
            let minute = number(bytes[14..<16]), minute < 60,
            let second = number(bytes[17..<19]), second < 60
        else { return nil }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let fraction = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard !fraction.isEmpty else { return nil }
            rest = rest[fraction.endIndex...]
        }
        guard let offset = offset(rest) else { return nil }
        return Date(timeIntervalSince1970: Double(midnight + hour * 3600 + minute * 60 + second - offset))
    }

    /// Seconds from 1970 to the start of a day, or nil for a day no calendar has, such as 2026-02-30.
    private static func midnight(year: Int, month: Int, day: Int) -> Int? {
        guard (1...12).contains(month) else { return nil }
        // Howard Hinnant's days_from_civil: years that begin in March, eras of 400 years; years from 0 need no negative era.
        let marchYear = month <= 2 ? year + 399 : year + 400
        let yearOfEra = marchYear % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let days = (marchYear / 400 - 1) * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        guard let time = CivilTime(Date(timeIntervalSince1970: Double(days * 86_400))),
            (time.year, time.month, time.day) == (year, month, day)
        else { return nil }
        return days * 86_400
    }

    /// Seconds east of UTC.
    private static func offset(_ bytes: ArraySlice<UInt8>) -> Int? {
        let bytes = Array(bytes)
        if bytes == [UInt8(ascii: "Z")] || bytes == [UInt8(ascii: "z")] { return 0 }
        guard bytes.count == 6, bytes[3] == UInt8(ascii: ":"), let hours = number(bytes[1..<3]), hours < 24,
            let minutes = number(bytes[4..<6]), minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.allSatisfy(\.isASCIIDigit) ? digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } : nil
    }
}
