// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The forms of an instant. A time without `Z` or an offset matches none of them: it would mean a different instant on each
/// machine.
package enum TimestampFormat: Sendable {
    /// RFC 3339 §5.6: UTC or any offset, `t` and `z` too, a fraction of any length.
    case rfc3339
    /// The form that S3 accepts as a policy's expiration: `T` and `Z`, and at most nine digits of a fraction.
    case utc
    /// The form of credential providers: as ``utc``, or an offset instead of the `Z`, with or without a colon (ISO 8601).
    case iso8601
}

extension Date {
    /// `2026-01-01T00:05:00Z`: in UTC, truncated to the second. Dates outside the years 0 to 9999 are written as the nearest
    /// date within them; the same holds for the other forms.
    package var rfc3339: String { CivilTime(clamping: self).rfc3339 }

    /// `20260101T000500Z`
    package var iso8601Basic: String { CivilTime(clamping: self).iso8601Basic }

    /// `20260101`
    package var yyyymmdd: String { CivilTime(clamping: self).yyyymmdd }

    /// `2026-01-01T00:05:00.123Z`
    package var rfc3339Milliseconds: String {
        let remainder = (timeIntervalSince1970 * 1000).rounded(.down).truncatingRemainder(dividingBy: 1000)
        // Before 1970 the remainder is negative; the milliseconds of a clock's second never are.
        let milliseconds = Int(remainder < 0 ? remainder + 1000 : remainder)
        return CivilTime(clamping: self).rfc3339(milliseconds: milliseconds)
    }

    /// Reads an instant; nil for any other form, and for days and times that do not exist.
    package init?(_ text: String, as grammar: TimestampFormat) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, let day = Self.seconds(ofDay: bytes[0..<10]),
            Self.isLetter(bytes[10], UInt8(ascii: "T"), grammar),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let time = Self.seconds(hour: bytes[11..<13], minute: bytes[14..<16], second: bytes[17..<19])
        else { return nil }
        var rest = bytes[19...]
        var fraction = 0.0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard !digits.isEmpty, grammar == .rfc3339 || digits.count <= 9 else { return nil }
            // A `Date` close to the present is not precise enough for more than nine digits.
            let used = digits.prefix(9)
            fraction = used.reduce(Double(number(used) ?? 0)) { value, _ in value / 10 }
            rest = rest[digits.endIndex...]
        }
        guard let offset = Self.offset(rest, grammar) else { return nil }
        self = Date(timeIntervalSince1970: Double(day + time - offset)) + fraction
    }

    /// Reads `2026-01-01` as the start of that day in UTC; nil for any other form, and for days that do not exist.
    package init?(day text: String) {
        guard let seconds = Self.seconds(ofDay: Array(text.utf8)[...]) else { return nil }
        self.init(timeIntervalSince1970: Double(seconds))
    }

    /// Reads `20260101T000500Z`; nil for any other form, and for days and times that do not exist.
    package init?(iso8601Basic text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 16, bytes[8] == UInt8(ascii: "T"), bytes[15] == UInt8(ascii: "Z"),
            let day = Self.seconds(year: bytes[0..<4], month: bytes[4..<6], day: bytes[6..<8]),
            let time = Self.seconds(hour: bytes[9..<11], minute: bytes[11..<13], second: bytes[13..<15])
        else { return nil }
        self.init(timeIntervalSince1970: Double(day + time))
    }

    /// Reads `Thu, 01 Jan 2026 00:05:00 GMT` (RFC 9110 §5.6.7); nil for the older forms, and for days and times that do not exist.
    package init?(httpDate text: String) {
        let bytes = Array(text.utf8)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard bytes.count == 29, bytes[3..<5].elementsEqual(", ".utf8), bytes[25...].elementsEqual(" GMT".utf8),
            [7, 11, 16].allSatisfy({ bytes[$0] == UInt8(ascii: " ") }), [19, 22].allSatisfy({ bytes[$0] == UInt8(ascii: ":") }),
            let month = months.firstIndex(where: { $0.utf8.elementsEqual(bytes[8..<11]) }),
            let day = Self.seconds(
                year: bytes[12..<16], month: Array("\((month + 1) / 10)\((month + 1) % 10)".utf8)[...], day: bytes[5..<7]),
            let time = Self.seconds(hour: bytes[17..<19], minute: bytes[20..<22], second: bytes[23..<25])
        else { return nil }
        self.init(timeIntervalSince1970: Double(day + time))
    }

    private static func isLetter(_ byte: UInt8, _ letter: UInt8, _ grammar: TimestampFormat) -> Bool {
        byte == letter || grammar == .rfc3339 && byte == letter.asciiLowercased
    }

    /// Reads `2026-01-01`.
    private static func seconds(ofDay bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count == 10 else { return nil }
        let bytes = Array(bytes)
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        return seconds(year: bytes[0..<4], month: bytes[5..<7], day: bytes[8..<10])
    }

    private static func seconds(year: ArraySlice<UInt8>, month: ArraySlice<UInt8>, day: ArraySlice<UInt8>) -> Int? {
        guard let year = number(year), let month = number(month), let day = number(day), (1...12).contains(month) else {
            return nil
        }
        let days = CivilTime.dayNumber(year: year, month: month, day: day)
        let nextMonth = month == 12 ? (year: year + 1, month: 1) : (year: year, month: month + 1)
        guard day >= 1, days < CivilTime.dayNumber(year: nextMonth.year, month: nextMonth.month, day: 1) else { return nil }
        return days * 86_400
    }

    private static func seconds(hour: ArraySlice<UInt8>, minute: ArraySlice<UInt8>, second: ArraySlice<UInt8>) -> Int? {
        guard let hour = number(hour), let minute = number(minute), let second = number(second),
            hour < 24, minute < 60, second < 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// Reads `Z`, `+01:00` or `+0100` as seconds east of UTC.
    private static func offset(_ bytes: ArraySlice<UInt8>, _ grammar: TimestampFormat) -> Int? {
        let bytes = Array(bytes)
        if bytes.count == 1 { return isLetter(bytes[0], UInt8(ascii: "Z"), grammar) ? 0 : nil }
        let hasColon = bytes.count == 6 && bytes[3] == UInt8(ascii: ":")
        guard hasColon ? grammar != .utc : grammar == .iso8601 && bytes.count == 5,
            let hours = number(bytes[1..<3]), hours < 24, let minutes = number(bytes.suffix(2)), minutes < 60
        else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return nil
        }
    }
}

private func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy(\.isASCIIDigit) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
}
