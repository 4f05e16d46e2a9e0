// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@Suite("Sizes and durations")
struct QuantityTests {
    @Test(
        "A size is whole bytes, or a number and a unit",
        arguments: [
            ("0", 0), ("1", 1), ("4096", 4096), ("7B", 7), ("5KB", 5000), ("5MB", 5_000_000), ("2GB", 2_000_000_000),
            ("5KiB", 5120), ("5MiB", 5_242_880), ("5GiB", 5_368_709_120),
        ]
    )
    func sizes(text: String, bytes: Int) throws {
        #expect(try Quantity.size.parse(text) == bytes)
    }

    @Test(
        "What is no size is refused",
        arguments: [
            "", "MiB", "5 MiB", "5mib", "5M", "1.5MiB", "-5", "+5", "05MiB", "0x10", "1e6", "5MiBs", "५MiB",
            "9223372036854775808", "9223372036854775807KB",
        ]
    )
    func noSizes(text: String) {
        #expect(throws: ValueError.self) { try Quantity.size.parse(text) }
    }

    @Test("A duration has a unit", arguments: [("30s", 30), ("5m", 300), ("2h", 7200), ("7d", 604_800)])
    func durations(text: String, seconds: Int) throws {
        #expect(try Quantity.duration.parse(text) == seconds)
    }

    @Test("What is no duration is refused", arguments: ["", "5", "5 m", "5min", "1h30m", "1:30", "P1D", "-5m", "5M", "m"])
    func noDurations(text: String) {
        #expect(throws: ValueError.self) { try Quantity.duration.parse(text) }
    }
}
