// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777.9, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-0.5, "Wed, 31 Dec 1969 23:59:59 GMT"), (-62_198_755_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
        (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (4.6e18, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-4.6e18, "Sat, 01 Jan 0000 00:00:00 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
        (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
    ])
    func `a date has one form at any time`(_ seconds: Double, _ text: String) {
        var date = HTTPDate()
        #expect(String(decoding: date.text(at: seconds), as: UTF8.self) == text)
    }
}
