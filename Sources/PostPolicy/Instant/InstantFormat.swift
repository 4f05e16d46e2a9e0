// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Dates as text, in UTC and to the second. Dates outside the years 0 to 9999 are written as the nearest one inside.
package enum InstantFormat {
    /// `20260101T000500Z`
    package static func iso8601Basic(_ date: Date) -> String { CivilTime(clamping: date).iso8601Basic }

    /// `2026-01-01T00:05:00Z`
    package static func iso8601Extended(_ date: Date) -> String { CivilTime(clamping: date).iso8601Extended }

    /// `20260101`
    package static func yyyymmdd(_ date: Date) -> String { CivilTime(clamping: date).yyyymmdd }
}
