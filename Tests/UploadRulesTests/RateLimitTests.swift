// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import UploadRules

struct RateLimitTests {
    @Test func `a limit is a count in a duration`() throws {
        #expect(try RateLimit.parse("60/1m") == RateLimit(count: 60, seconds: 60))
        #expect(try RateLimit.parse("1000/1h") == RateLimit(count: 1000, seconds: 3600))
        for text in ["", "60", "60/", "/1m", "60/60", "0/1m", "60/0s", "60/1m/1m", "-1/1m", "6e1/1m"] {
            #expect(throws: ValueError.self) { try RateLimit.parse(text) }
        }
    }
}
