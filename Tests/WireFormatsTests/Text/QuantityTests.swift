// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("4096", 4096), ("7B", 7), ("5KB", 5000), ("5MB", 5_000_000), ("2GB", 2_000_000_000),
        ("5KiB", 5120), ("5MiB", 5_242_880), ("5GiB", 5_368_709_120),
    ])
    func `a size is whole bytes, or a number and a unit`(text: String, bytes: Int) throws {
        #expect(try Quantity.size.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "MiB", "5 MiB", "5mib", "5M", "1.5MiB", "-5", "+5", "05MiB", "0x10", "1e6", "5MiBs", "५MiB",
        "9223372036854775808", "9223372036854775807KB",
    ])
    func `an invalid size is refused`(text: String) {
        #expect(throws: ValueError.self) { try Quantity.size.parse(text) }
    }

    @Test(arguments: [("30s", 30), ("5m", 300), ("2h", 7200), ("7d", 604_800)])
    func `a duration has a unit`(text: String, seconds: Int) throws {
        #expect(try Quantity.duration.parse(text) == seconds)
    }

    @Test(arguments: ["", "5", "5 m", "5min", "1h30m", "1:30", "P1D", "-5m", "5M", "m"])
    func `an invalid duration is refused`(text: String) {
        #expect(throws: ValueError.self) { try Quantity.duration.parse(text) }
    }
}
