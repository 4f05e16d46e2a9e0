// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import WireFormats

struct CivilTimeTests {
    @Test func `every day of the years 0 to 9999 is the calendar's`() throws {
        var (year, month, day) = (0, 1, 1)
        for number in -719_528...2_932_896 {
            let time = try #require(CivilTime(Date(timeIntervalSince1970: Double(number) * 86_400)))
            guard time.dayNumber == number, time.year == year, time.month == month, time.day == day, time.secondOfDay == 0 else {
                Issue.record("day \(number): \(time), not \(year)-\(month)-\(day)")
                return
            }
            let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > days { (day, month) = (1, month + 1) }
            if month > 12 { (month, year) = (1, year + 1) }
        }
        #expect((year, month, day) == (10_000, 1, 1))
    }

    @Test func `random dates are written as by Foundation and read back`() {
        var random = SplitMix64(seed: 7)
        let style = Date.ISO8601FormatStyle()
        for _ in 0..<5000 {
            let seconds = Int.random(in: -10_000_000_000...253_402_300_799, using: &random)
            let date = Date(timeIntervalSince1970: Double(seconds))
            let text = date.rfc3339
            #expect(text == style.format(date))
            #expect(Date(text, as: .utc) == date)
            let basic = date.iso8601Basic
            #expect(basic == text.replacing("-", with: "").replacing(":", with: ""))
            #expect(Date(iso8601Basic: basic) == date)
            #expect(date.yyyymmdd == String(basic.prefix(8)))
        }
    }

    @Test func `fractions are rounded down, before 1970 too`() {
        #expect(Date(timeIntervalSince1970: 0.999).rfc3339 == "1970-01-01T00:00:00Z")
        #expect(Date(timeIntervalSince1970: -0.001).rfc3339 == "1969-12-31T23:59:59Z")
        #expect(Date(timeIntervalSince1970: 1_767_225_599.999).yyyymmdd == "20251231")
    }

    @Test func `dates that need other than four digits are written as the nearest`() {
        #expect((Date.distantFuture + 1e15).rfc3339 == "9999-12-31T23:59:59Z")
        #expect(Date(timeIntervalSince1970: -.infinity).rfc3339 == "0000-01-01T00:00:00Z")
        #expect(Date(timeIntervalSince1970: .nan).rfc3339 == "1970-01-01T00:00:00Z")
        #expect(CivilTime(Date(timeIntervalSince1970: .nan)) == nil)
        #expect(CivilTime(Date(timeIntervalSince1970: 1e300)) == nil)
    }

    @Test(arguments: [
        ("2015-12-30T12:00:00.000Z", 1_451_476_800), ("2015-12-30T12:00:00.5Z", 1_451_476_800.5),
        ("2016-02-29T23:59:59Z", 1_456_790_399),
        ("0000-01-01T00:00:00Z", -62_167_219_200), ("2000-02-29T00:00:00.000000000Z", 951_782_400),
    ])
    func `fractions of a second are read`(text: String, seconds: Double) {
        #expect(Date(text, as: .utc) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "2015-12-30", "2015-12-30T12:00:00", "2015-12-30T12:00:00+00:00", "2011-09-13T07:52:58+02:00",
        "2015-10-17 03:15:59 UTC",
        "2015-12-30T12:00:00.Z", "2015-12-30T12:00:00,5Z", "2015-12-30t12:00:00z", "2015-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2015-13-01T00:00:00Z", "2015-00-01T00:00:00Z", "2015-01-00T00:00:00Z", "2015-04-31T00:00:00Z",
        "2015-01-01T24:00:00Z",
        "2015-01-01T00:60:00Z", "2015-01-01T00:00:60Z", "+015-01-01T00:00:00Z", "2015-1-01T00:00:00ZZ", "20151230T120000Z",
        "2015-12-30T12:00:00.0000000000Z", "2015-12-30T12:00:00Z ", "２015-12-30T12:00Z",
    ])
    func `only UTC in ISO 8601 is read`(text: String) {
        #expect(Date(text, as: .utc) == nil)
    }

    @Test(arguments: [
        "", "20151229T000000", "20151229T0000000Z", "20151329T000000Z", "20150229T000000Z", "20151229 000000Z",
        "20151229T240000Z",
        "2015-12-29T00:00:00Z", "2015122ST000000Z",
    ])
    func `the basic form is read as strictly`(text: String) {
        #expect(Date(iso8601Basic: text) == nil)
    }
}
