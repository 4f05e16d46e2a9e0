// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How long a key set counts as fresh, by the header fields it came with (RFC 9111).
///
/// Not how long its keys may be used: a set stays in use when its lifetime has passed, while fetches of the next one fail.
package enum KeyLifetime {
    /// Where the provider says nothing.
    package static let usual: Duration = .seconds(10 * 60)
    /// What a provider can say: less would be a burden to it, more would keep keys that it took back.
    package static let bounds: ClosedRange<Duration> = .seconds(60)...(.seconds(60 * 60))

    /// How long a set stays in use without a successful fetch.
    package static let maximumAge: Duration = .seconds(24 * 60 * 60)

    /// The lifetime of an answer with these header fields.
    /// - Parameter headers: the values by the name of the field in lower case.
    static func of(_ headers: [String: [String]]) -> Duration {
        var maximumAge: Int?
        for directive in directives(in: headers["cache-control"] ?? []) {
            switch directive.name {
            // With an argument, no-cache speaks of those fields alone (section 5.2.2.4).
            case "no-store": return bounds.lowerBound
            case "no-cache" where directive.argument == nil: return bounds.lowerBound
            // Of several the most restrictive counts, and what is no number makes the answer stale (section 4.2.1).
            case "max-age": maximumAge = min(maximumAge ?? .max, directive.argument.flatMap(seconds) ?? 0)
            default: continue
            }
        }
        guard let maximumAge else { return usual }
        // Time spent in caches on the way (section 5.1); a value that is not a number is ignored.
        let age = headers["age"]?.first.flatMap { seconds($0) } ?? 0
        return min(max(.seconds(maximumAge - age), bounds.lowerBound), bounds.upperBound)
    }

    /// The directives of a Cache-Control field (section 5.2), names in lower case, arguments without their quotes.
    private static func directives(in values: [String]) -> [(name: String, argument: String?)] {
        values.flatMap { split($0.utf8, at: UInt8(ascii: ",")) }.compactMap { text in
            let parts = text.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first else { return nil }
            let argument = parts.count > 1 ? String(decoding: unquoted(parts[1]), as: UTF8.self) : nil
            return (String(decoding: trimmed(name), as: UTF8.self).lowercased(), argument)
        }
    }

    /// Splits at a byte outside quotes.
    private static func split(_ text: String.UTF8View, at separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in text {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == separator && !isQuoted {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
        }
        return parts
    }

    private static func unquoted(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let text = trimmed(text)
        let quote = UInt8(ascii: "\"")
        return text.count >= 2 && text.first == quote && text.last == quote ? text.dropFirst().dropLast() : text
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let rest = text.drop(while: isBlank)
        guard let end = rest.lastIndex(where: { !isBlank($0) }) else { return [] }
        return rest[...end]
    }

    /// A number of seconds; one that is larger than RFC 9111 section 1.2.2 asks for counts as 2^31. Nil for anything else.
    private static func seconds(_ text: String) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        return min(Int(text) ?? .max, 1 << 31)
    }
}
