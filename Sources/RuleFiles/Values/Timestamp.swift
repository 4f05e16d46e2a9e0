// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Instants as operators write them: `2026-12-31`, which is the start of that day in UTC, or a date and time of RFC 3339, read
/// to the second.
enum Timestamp {
    static func parse(_ text: String) throws(ValueError) -> Date {
        guard let date = Date(day: text) ?? Date(text, as: .rfc3339) else {
            throw ValueError(
                "\(text.quoted) is not a date",
                "write 2026-12-31 (the start of that day in UTC) or 2026-12-31T18:00:00Z"
            )
        }
        return Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}
