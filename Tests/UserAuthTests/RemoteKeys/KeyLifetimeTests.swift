// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import UserAuth

struct KeyLifetimeTests {
    @Test(arguments: [
        ("max-age=0", 60), ("max-age=5", 60), ("max-age=60", 60), ("max-age=600", 600), ("max-age=3600", 3600),
        ("max-age=7200", 3600), ("max-age=99999999999999999999999999", 3600), ("max-age=9223372036854775807", 3600),
        ("MAX-AGE=700", 700), ("max-age=\"700\"", 700), (" max-age = 700 ", 700), ("max-age=0700", 700),
        ("public, max-age=700, must-revalidate", 700), ("max-age=700,max-age=800", 700), ("max-age=800, max-age=700", 700),
        ("no-store", 60), ("no-cache", 60), ("NO-STORE, max-age=700", 60), ("max-age=700, no-cache", 60),
        ("no-cache=\"set-cookie\", max-age=700", 700), ("private=\"a, max-age=5\", max-age=700", 700),
        ("max-age=-1", 60), ("max-age=1.5", 60), ("max-age=x", 60), ("max-age=", 60), ("max-age", 60), ("max-age=7 00", 60),
        ("max-age=\"700", 60), ("max-age=٧٠٠", 60), ("s-maxage=700", 600), ("xmax-age=700", 600), ("garbage", 600), ("", 600),
        (",,, =, ==,\"", 600), ("é\u{0}\u{ff}", 600), (String(repeating: ",", count: 50_000) + "max-age=700", 700),
    ])
    func `Cache-Control is read as in RFC 9111, within 1 to 60 minutes`(text: String, seconds: Int) {
        #expect(FetchedKeys.lifetime(headers: ["cache-control": [text]]) == .seconds(seconds))
    }

    @Test func `several fields are combined, and the default is 10 minutes`() {
        #expect(FetchedKeys.lifetime(headers: ["cache-control": ["public", "max-age=700"]]) == .seconds(700))
        #expect(FetchedKeys.lifetime(headers: ["cache-control": ["max-age=700", "no-store"]]) == .seconds(60))
        #expect(FetchedKeys.lifetime(headers: [:]) == .seconds(600))
        #expect(FetchedKeys.lifetime(headers: ["age": ["500"], "expires": ["0"]]) == .seconds(600))
    }

    @Test(arguments: [
        ("100", 600), ("0", 700), ("650", 60), ("9999", 60), ("99999999999999999999999", 60), ("-100", 700), ("x", 700),
        ("", 700),
    ])
    func `the age of an answer is subtracted`(text: String, seconds: Int) {
        #expect(FetchedKeys.lifetime(headers: ["cache-control": ["max-age=700"], "age": [text]]) == .seconds(seconds))
    }
}
