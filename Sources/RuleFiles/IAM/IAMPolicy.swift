// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A policy document that allows something ("IAM JSON policy elements reference", IAM User Guide).
struct IAMPolicy: Sendable {
    /// One statement with the effect `Allow`.
    struct Statement: Sendable {
        /// Who is allowed, in the policy of a role, queue or topic; nil in a policy that is attached to an identity.
        var principal: Principal?
        var actions: [String]
        /// Resource names as IAM matches them; empty in the trust policy of a role.
        var resources: [String] = []
        /// What must hold besides, by the operator, such as `StringEquals`.
        var conditions: [(test: String, values: [(key: String, values: [String])])] = []
    }

    /// Whom a statement is about: `{"Service": "s3.amazonaws.com"}`.
    struct Principal: Sendable {
        let kind: String
        let name: String
    }

    let statements: [Statement]

    /// Compact JSON in ASCII: STS takes characters up to U+00FF only, and JSON has escapes for the others (RFC 8259, section 7).
    var text: String {
        let json = JSONWriter.object(capacity: 512) { json in
            json.member("Version", "2012-10-17")
            json.array("Statement", of: statements) { $1.write(to: &$0) }
        }
        var text = ""
        for unit in String(decoding: json, as: UTF8.self).utf16 {
            if unit < 0x80 {
                text.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            } else {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }
}

extension IAMPolicy.Statement {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("Effect", "Allow")
            if let principal { json.object("Principal") { $0.member(principal.kind, principal.name) } }
            Self.write("Action", actions, to: &json)
            if !resources.isEmpty { json.member("Resource", resources) }
            guard !conditions.isEmpty else { return }
            json.object("Condition") { json in
                for condition in conditions {
                    json.object(condition.test) { json in
                        for (key, values) in condition.values { Self.write(key, values, to: &json) }
                    }
                }
            }
        }
    }

    /// Writes a string for one value, and a list for several.
    private static func write(_ name: String, _ values: [String], to json: inout JSONWriter) {
        if values.count == 1 { json.member(name, values[0]) } else { json.member(name, values) }
    }
}
