// SPDX-License-Identifier: Apache-2.0

import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The time of a log line.
enum LogTime {
    /// `2026-01-01T00:05:00.123Z`
    static func text(_ time: Date) -> String {
        let remainder = (time.timeIntervalSince1970 * 1000).rounded(.down).truncatingRemainder(dividingBy: 1000)
        // Before 1970 the remainder is negative; the milliseconds of a clock's second never are.
        let milliseconds = Int(remainder < 0 ? remainder + 1000 : remainder)
        var seconds = InstantFormat.iso8601Extended(time)
        return seconds.withUTF8 { seconds in
            String(unsafeUninitializedCapacity: seconds.count + 4) { text in
                let whole = seconds.count - 1
                for index in 0..<whole { text[index] = seconds[index] }
                text[whole] = UInt8(ascii: ".")
                text[whole + 1] = UInt8(ascii: "0") + UInt8(milliseconds / 100)
                text[whole + 2] = UInt8(ascii: "0") + UInt8(milliseconds / 10 % 10)
                text[whole + 3] = UInt8(ascii: "0") + UInt8(milliseconds % 10)
                text[whole + 4] = UInt8(ascii: "Z")
                return whole + 5
            }
        }
    }
}
