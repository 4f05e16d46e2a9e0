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
        let milliseconds = Int((time.timeIntervalSince1970 * 1000).rounded(.down)) % 1000
        return InstantFormat.iso8601Extended(time).dropLast() + "." + String(milliseconds + 1000).dropFirst() + "Z"
    }
}
