// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// What a form costs of the 20 KB that S3 reads before the file.
///
/// Every field is sent twice: as itself, and in base64 in the policy. What the signer adds is not known yet, so room is
/// kept for it; a request that passes here can be signed, also with a session token of 2 KB.
package enum FormBudget {
    /// For the rule's and the request's fields, `key` and `bucket` among them.
    static let fields = 13_000
    /// For the fields that a rule adds to each form.
    package static let constants = 8000

    /// The delimiter and header of a part, with the longest boundary, and the punctuation of a condition.
    private static let overhead = 132

    /// An upper bound of what one field takes, in bytes.
    static func cost(name: String, value: String) -> Int {
        // Quotes and backslashes are escaped in the policy; controls never get this far.
        var escapes = 0
        for byte in value.utf8 where byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { escapes += 1 }
        let bytes = name.utf8.count + value.utf8.count
        return overhead + bytes + ((bytes + escapes) * 4 + 2) / 3
    }

    static func cost(_ fields: some Sequence<FormField>) -> Int {
        fields.reduce(0) { $0 + cost(name: $1.name, value: $1.value) }
    }

    /// Whether these fields, with `key` and `bucket`, leave the signer the room it needs.
    static func hasRoom(for fields: [FormField], key: String) -> Bool {
        // Were every byte escaped, a field would take 11/3 of its bytes: nearly every form is small enough even then.
        var bytes = key.utf8.count
        for field in fields { bytes += field.name.utf8.count + field.value.utf8.count }
        if bytes * 11 / 3 + fields.count * (overhead + 1) + bucketAndKey <= Self.fields { return true }
        return cost(fields) + cost(name: "key", value: key) + bucketAndKey <= Self.fields
    }

    /// What `bucket`, a name of at most 63 bytes, costs, and what the first estimate leaves out of `key`.
    private static let bucketAndKey = 500
}
