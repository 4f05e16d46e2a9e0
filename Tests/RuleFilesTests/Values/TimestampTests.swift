// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules

struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01", 0), ("2026-12-31", 1_798_675_200), ("2024-02-29", 1_709_164_800), ("2000-02-29", 951_782_400),
        ("2026-12-31T18:00:00Z", 1_798_740_000), ("2026-12-31t18:00:00z", 1_798_740_000),
        ("2026-12-31T18:00:00.999Z", 1_798_740_000), ("2026-12-31T20:00:00+02:00", 1_798_740_000),
        ("2026-12-31T12:30:00-05:30", 1_798_740_000), ("0000-01-01", -62_167_219_200), ("9999-12-31", 253_402_214_400),
    ])
    func `dates and times are read to the second`(text: String, seconds: Int) throws {
        #expect(try Timestamp.parse(text) == Date(timeIntervalSince1970: Double(seconds)))
    }

    @Test(arguments: [
        "", "2026", "2026-1-1", "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-04-31",
        "26-01-01",
        "2026-01-01T", "2026-01-01T00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00.Z", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01Z", "tomorrow", "1798740000", "２０２６-01-01",
    ])
    func `any other text is refused`(text: String) {
        #expect(throws: ValueError.self) { try Timestamp.parse(text) }
    }

    @Test func `every day of 400 years agrees with Foundation's calendar`() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -25_000, to: 120_000, by: 37) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let digits = [(parts.year ?? 0, 4), (parts.month ?? 0, 2), (parts.day ?? 0, 2)].map { number, width in
                String(repeating: "0", count: width - String(number).count) + String(number)
            }
            #expect(try Timestamp.parse(digits.joined(separator: "-")) == date)
        }
    }
}
