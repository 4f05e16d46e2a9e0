// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A check that the store leaves out, as faulty stores do: for tests of what looks for such faults.
package enum IgnoredCheck: String, Sendable, CaseIterable {
    /// A form may have a file of any size.
    case size
    /// A form may have any `Content-Type`.
    case type
    /// A form may have any key.
    case key
    /// A form may have further fields, and a `PUT` further `x-amz-*` fields.
    case fields
    /// Tickets do not expire.
    case expiry
    /// Metadata is accepted and not stored.
    case metadata

    /// Parses names with commas between them.
    /// - Returns: nil if one is not known
    package static func parse(_ text: String) -> Set<IgnoredCheck>? {
        var checks: Set<IgnoredCheck> = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let check = IgnoredCheck(rawValue: String(name)) else { return nil }
            checks.insert(check)
        }
        return checks
    }
}

/// How a store without some checks judges: as if the client had sent what the policy demands.
extension Set<IgnoredCheck> {
    /// The fields of a form as they are judged. A form whose policy cannot be read is judged as it is.
    func judged(_ fields: [FormField]) -> [FormField] {
        guard !isDisjoint(with: [.type, .key, .fields]), let policy = Self.policy(of: fields) else { return fields }
        return fields.compactMap { field in
            if contains(.fields), !policy.allows(field.name) { return nil }
            let isPinned =
                contains(.type) && field.name.equalsIgnoringASCIICase("Content-Type")
                || contains(.key) && field.name.equalsIgnoringASCIICase("key")
            guard isPinned, let value = policy.value(of: field.name) else { return field }
            return FormField(name: field.name, value: value)
        }
    }

    /// The instant for which a form is judged.
    func judged(_ date: Date, _ fields: [FormField]) -> Date {
        guard contains(.expiry), let policy = Self.policy(of: fields) else { return date }
        return Swift.min(date, policy.expiration.addingTimeInterval(-1))
    }

    /// The instant for which a `PUT` is judged.
    func judged(_ date: Date, target: String) -> Date {
        guard contains(.expiry), let start = target.firstRange(of: "X-Amz-Date=")?.upperBound else { return date }
        return Date(iso8601Basic: String(target[start...].prefix { $0 != "&" })) ?? date
    }

    private static func policy(of fields: [FormField]) -> PolicyDocument? {
        let field = fields.first { $0.name.equalsIgnoringASCIICase("policy") }
        return field.flatMap { try? PolicyDocument(base64: $0.value) }
    }
}
