// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The contents of a credential, unverified, for an operator who looks for the cause of a refusal.
///
/// Contains registered header members and claims only, each as short printable ASCII. Never contains a signature or a secret.
package struct UnverifiedClaims: Sendable {
    /// Names and values, in the order of the checks.
    package let facts: [(name: String, value: String)]

    /// The token's `iss`, unchanged; nil if there is none.
    package let issuer: String?

    /// The longest value, in bytes.
    private static let maximumLength = 300

    /// - Parameters:
    ///   - credential: the token or API key, without the scheme.
    ///   - now: the current time; times are shown relative to it.
    package init(_ credential: String, at now: Date) {
        let bytes = Array(credential.utf8)
        if bytes.starts(with: APIKey.prefix.utf8) {
            facts = Self.facts(apiKey: bytes)
            issuer = nil
        } else {
            facts = Self.facts(token: bytes, at: now)
            issuer = (try? CompactJWS(parsing: bytes)).flatMap { try? TokenClaims(parsing: $0.payload).issuer() }
        }
    }

    private static func facts(apiKey bytes: [UInt8]) -> [(name: String, value: String)] {
        guard let key = APIKey(parsing: bytes) else {
            return [("API key", "not of the form \(APIKey.prefix)TENANT.ID.SECRET")]
        }
        return [("API key", key.id), ("tenant", key.tenant)]
    }

    private static func facts(token bytes: [UInt8], at now: Date) -> [(name: String, value: String)] {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        var facts: [(name: String, value: String)] = [("token", "\(bytes.count) bytes in \(parts.count) parts")]
        guard parts.count == 3 else { return facts }
        facts += members(["alg", "typ", "kid"], of: parts[0], at: now)
        facts += members(["iss", "aud", "sub", "exp", "nbf", "iat"], of: parts[1], at: now)
        return facts
    }

    private static func members(_ names: [String], of part: ArraySlice<UInt8>, at now: Date) -> [(name: String, value: String)] {
        guard
            let bytes = Base64URL.decode(part),
            case .object(let object)? = try? JSONValue(parsing: bytes, maximumDepth: TokenHeader.maximumDepth)
        else { return [] }
        return names.compactMap { name in
            object[name].map { (name, text($0, isDate: ["exp", "nbf", "iat"].contains(name), now)) }
        }
    }

    private static func text(_ value: JSONValue, isDate: Bool, _ now: Date) -> String {
        switch value {
        case .string(let text): return printable(text)
        case .number(let number):
            guard isDate, let seconds = value.numericDate else { return printable(number.literal) }
            return "\(number.literal) (\(relativeTime(seconds - now.timeIntervalSince1970)))"
        case .bool(let flag): return flag ? "true" : "false"
        case .null: return "null"
        case .array(let values):
            return printable("[" + values.prefix(8).map { text($0, isDate: false, now) }.joined(separator: ", ") + "]")
        case .object: return "an object"
        }
    }

    private static func printable(_ text: String) -> String {
        text.printableASCII(maximumLength: maximumLength)
    }

    private static func relativeTime(_ seconds: Double) -> String {
        let magnitude = Int(min(abs(seconds), 1e12))
        let text =
            switch magnitude {
            case ..<120: "\(magnitude) s"
            case ..<7200: "\(magnitude / 60) min"
            case ..<172_800: "\(magnitude / 3600) h"
            default: "\(magnitude / 86_400) days"
            }
        return seconds < 0 ? "\(text) ago" : "in \(text)"
    }
}
