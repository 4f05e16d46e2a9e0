// SPDX-License-Identifier: Apache-2.0

import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The end of credentials, as their sources write it.
enum CredentialDate {
    /// Reads ISO 8601 with `Z` or an offset: `2026-01-01T00:05:00Z`, `2026-01-01T01:05:00.5+01:00`. A date without either
    /// is none: it would be another instant on each machine.
    static func date(_ text: String) -> Date? {
        if let date = InstantFormat.date(iso8601Extended: text) { return date }
        let bytes = Array(text.utf8)
        guard let signAt = bytes.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }), signAt >= 19 else {
            return nil
        }
        let digits = bytes[(signAt + 1)...].filter { $0 != UInt8(ascii: ":") }
        let hasColon = bytes.count == signAt + 6 && bytes[signAt + 3] == UInt8(ascii: ":")
        guard digits.count == 4, hasColon || bytes.count == signAt + 5, digits.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        let numbers = digits.map { Int($0) - 0x30 }
        let hours = numbers[0] * 10 + numbers[1]
        let minutes = numbers[2] * 10 + numbers[3]
        guard hours < 24, minutes < 60 else { return nil }
        let offset = Double((hours * 60 + minutes) * 60)
        let local = String(decoding: bytes[..<signAt], as: UTF8.self) + "Z"
        return InstantFormat.date(iso8601Extended: local).map { bytes[signAt] == UInt8(ascii: "+") ? $0 - offset : $0 + offset }
    }
}
