// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormats

struct RFC3339Tests {
    @Test(arguments: [
        ("2026-01-01T00:05:00Z", 1_767_225_900.0),
        ("2026-01-01T00:05:00.250Z", 1_767_225_900.25),
        ("2026-01-01T01:05:00+01:00", 1_767_225_900),
        ("2025-12-31T19:05:00-0500", 1_767_225_900),
        ("2026-01-01T00:05:00.5+00:00", 1_767_225_900.5),
    ])
    func `credential providers may write an offset with or without a colon`(_ text: String, _ seconds: Double) {
        #expect(Date(text, as: .iso8601)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:05:00", "2026-01-01 00:05:00Z", "2026-02-30T00:05:00Z", "2026-01-01T00:05:00+1:00",
        "2026-01-01T00:05:00+24:00", "2026-01-01T00:05:00+0:000", "1767225900", "2026-01-01T00:05:00+01:00Z", "-", "+0000",
        "2026-01-01t00:05:00Z", "2026-01-01T00:05:00z", "2026-01-01T00:05:00.0000000000Z", "2026-01-01T00:05:00*01:00",
    ])
    func `other forms are refused for credentials`(_ text: String) {
        #expect(Date(text, as: .iso8601) == nil)
    }

    @Test(arguments: [
        ("2026-01-01t00:05:00z", 1_767_225_900.0),
        ("2026-01-01T00:05:00.5+00:00", 1_767_225_900.5),
        ("2026-01-01T00:05:00.25000000000000000000000000Z", 1_767_225_900.25),
        ("2026-01-01T05:35:00.0+05:30", 1_767_225_900),
        ("2025-12-31T23:05:00-01:00", 1_767_225_900),
    ])
    func `RFC 3339 allows lower case, offsets and fractions of any length`(_ text: String, _ seconds: Double) {
        #expect(Date(text, as: .rfc3339)?.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        "2026-01-01", "2026-01-01T00:05Z", "2026-01-01T00:05:00", "2026-01-01T00:05:00+0100", "2026-01-01T00:05:00.Z",
        "2026-01-01T00:05:00+01", "2026-01-01T00:05:00ZZ", "2026-01-01T00:05:00+01:60", "2026-01-01T00:05:60Z",
    ])
    func `other forms are refused for RFC 3339`(_ text: String) {
        #expect(Date(text, as: .rfc3339) == nil)
    }

    @Test func `a day is its first second in UTC`() {
        #expect(Date(day: "2026-12-31")?.timeIntervalSince1970 == 1_798_675_200)
        for text in ["", "2026-12-32", "2026-2-01", "2026-12-31T00:00:00Z", "20261231", "2026-12-31 "] {
            #expect(Date(day: text) == nil)
        }
    }

    @Test(arguments: [
        (784_111_777.9, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"), (-62_198_755_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
    ])
    func `a header field has a date in GMT`(_ seconds: Double, _ text: String) {
        #expect(CivilTime(clamping: Date(timeIntervalSince1970: seconds)).httpDate == text)
        #expect(Date(httpDate: text).map { CivilTime(clamping: $0).httpDate } == text)
    }

    @Test(arguments: [
        "", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 31 Feb 2026 00:00:00 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 6 Nov 1994 08:49:37  GMT",
    ])
    func `other dates of header fields are refused`(_ text: String) {
        #expect(Date(httpDate: text) == nil)
    }
}
