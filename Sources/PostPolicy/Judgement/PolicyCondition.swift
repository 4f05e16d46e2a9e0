// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// One condition of a policy document on a form's fields.
struct PolicyCondition: Sendable, Hashable {
    let match: Match
    /// The name as the policy spells it, for messages; with the `$` where the policy has one.
    let name: String
    /// The value or prefix that the policy asks for.
    let value: String

    enum Match: String, Sendable {
        case equal = "eq"
        case prefix = "starts-with"
    }

    /// The field that is judged, in lower case; nil where the name lacks its `$` and so names no field.
    var field: String? {
        name.utf8.first == UInt8(ascii: "$") ? String(decoding: name.utf8.dropFirst(), as: UTF8.self).asciiLowercased : nil
    }

    /// The condition as S3 repeats it in its answers: always as an array, strings escaped, a space after each comma.
    var text: String {
        "[\(JSONWriter.quoted(match.rawValue)), \(JSONWriter.quoted(name)), \(JSONWriter.quoted(value))]"
    }

    /// Whether a field's value satisfies the condition. A field that is not there satisfies none, not even an empty prefix.
    func holds(for received: String?) -> Bool {
        guard let received else { return false }
        switch match {
        case .equal:
            return received.hasSameBytes(as: value)
        case .prefix where field == "content-type":
            // POST Policy, "Condition matching": with starts-with, commas make a list, and each member must match. Every
            // other field is one string.
            return received.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .allSatisfy { $0.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: value.utf8) }
        case .prefix:
            return received.utf8.starts(with: value.utf8)
        }
    }
}
