// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// An instant in the calendar of UTC, to the second. Uses arithmetic, since a date formatter costs more than a signature.
package struct CivilTime: Sendable, Hashable {
    /// Days since 1970-01-01.
    package let dayNumber: Int
    /// The year, 0 to 9999.
    package let year: Int
    /// The month, 1 to 12.
    package let month: Int
    /// The day of the month, 1 to 31.
    package let day: Int
    /// The second of the day, 0 to 86399.
    package let secondOfDay: Int

    /// 0000-01-01T00:00:00Z to 9999-12-31T23:59:59Z in seconds since 1970: the years with four digits.
    private static let writable = -62_167_219_200.0...253_402_300_799.0

    /// 9999-12-31T23:59:59Z, the last second of a year with four digits.
    package static let latest = Date(timeIntervalSince1970: writable.upperBound)

    /// Discards the fraction of a second. Nil outside the years 0 to 9999.
    package init?(_ date: Date) {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        guard Self.writable.contains(seconds) else { return nil }
        self.init(seconds: Int(seconds))
    }

    /// Discards the fraction of a second and clamps to the years 0 to 9999.
    package init(clamping date: Date) {
        let seconds = date.timeIntervalSince1970.rounded(.down)
        self.init(seconds: seconds.isNaN ? 0 : Int(min(max(seconds, Self.writable.lowerBound), Self.writable.upperBound)))
    }

    private init(seconds: Int) {
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            days -= 1
            rest += 86_400
        }
        dayNumber = days
        secondOfDay = rest
        // Howard Hinnant's civil_from_days: eras of 400 years, years that begin in March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension CivilTime {
    /// Returns the seconds from another instant to this one.
    package func seconds(since other: CivilTime) -> Int {
        (dayNumber - other.dayNumber) * 86_400 + secondOfDay - other.secondOfDay
    }

    /// Days since 1970-01-01 of a day in the calendar (Howard Hinnant's days_from_civil).
    static func dayNumber(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

extension CivilTime {
    /// `20260101`, as in credential scopes.
    package var yyyymmdd: String {
        text(capacity: 8) { $0.date(self, separator: nil) }
    }

    /// `20260101T000500Z`, as in `X-Amz-Date` (ISO 8601, basic format).
    package var iso8601Basic: String {
        text(capacity: 16) {
            $0.date(self, separator: nil)
            $0.byte(UInt8(ascii: "T"))
            $0.time(self, separator: nil)
            $0.byte(UInt8(ascii: "Z"))
        }
    }

    /// `2026-01-01T00:05:00Z` (RFC 3339 §5.6).
    package var rfc3339: String {
        text(capacity: 20) {
            $0.dateAndTime(self)
            $0.byte(UInt8(ascii: "Z"))
        }
    }

    /// `2026-01-01T00:05:00.123Z` (RFC 3339 §5.6).
    /// - Parameter milliseconds: 0 to 999
    func rfc3339(milliseconds: Int) -> String {
        text(capacity: 24) {
            $0.dateAndTime(self)
            $0.byte(UInt8(ascii: "."))
            $0.byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: milliseconds / 100))
            $0.twoDigits(milliseconds % 100)
            $0.byte(UInt8(ascii: "Z"))
        }
    }

    /// `Thu, 01 Jan 2026 00:05:00 GMT`, as in header fields (RFC 9110 §5.6.7).
    package var httpDate: String {
        text(capacity: 29) {
            // 719530 days are whole weeks, and more than the days from the year 0 to 1970.
            $0.ascii(Self.weekdaysFromThursday[(dayNumber + 719_530) % 7])
            $0.ascii(", ")
            $0.twoDigits(day)
            $0.ascii(Self.months[month - 1])
            $0.twoDigits(year / 100)
            $0.twoDigits(year % 100)
            $0.byte(UInt8(ascii: " "))
            $0.time(self, separator: UInt8(ascii: ":"))
            $0.ascii(" GMT")
        }
    }

    /// 1970-01-01 was a Thursday.
    private static let weekdaysFromThursday: [StaticString] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months: [StaticString] = [
        " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec ",
    ]

    private func text(capacity: Int, _ write: (inout DigitWriter) -> Void) -> String {
        String(unsafeUninitializedCapacity: capacity) { buffer in
            var writer = DigitWriter(buffer: buffer)
            write(&writer)
            return writer.count
        }
    }
}

/// Writes digits into the buffer of a new string.
private struct DigitWriter {
    let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    mutating func byte(_ byte: UInt8) {
        buffer[count] = byte
        count += 1
    }

    mutating func ascii(_ text: StaticString) {
        text.withUTF8Buffer { for byte in $0 { self.byte(byte) } }
    }

    mutating func twoDigits(_ number: Int) {
        byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
        byte(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    mutating func dateAndTime(_ time: CivilTime) {
        date(time, separator: UInt8(ascii: "-"))
        byte(UInt8(ascii: "T"))
        self.time(time, separator: UInt8(ascii: ":"))
    }

    mutating func date(_ time: CivilTime, separator: UInt8?) {
        twoDigits(time.year / 100)
        twoDigits(time.year % 100)
        if let separator { byte(separator) }
        twoDigits(time.month)
        if let separator { byte(separator) }
        twoDigits(time.day)
    }

    mutating func time(_ time: CivilTime, separator: UInt8?) {
        twoDigits(time.secondOfDay / 3600)
        if let separator { byte(separator) }
        twoDigits(time.secondOfDay / 60 % 60)
        if let separator { byte(separator) }
        twoDigits(time.secondOfDay % 60)
    }
}
