// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PolicyDocument {
    /// Reads the `policy` field of a form.
    /// - Throws: S3's answer, `InvalidPolicyDocument`.
    public init(base64: String) throws(StoreRefusal) {
        guard let json = Base64.decode(base64) else { throw .invalidPolicy("invalid Base64 encoding.") }
        try self.init(json: json)
    }

    /// Reads a policy document. Members that the policy language does not have are refused, as S3 does.
    /// - Throws: S3's answer, `InvalidPolicyDocument`.
    public init(json: [UInt8]) throws(StoreRefusal) {
        let members = try Self.members(json)
        var expiration: Date?
        var conditions: [Condition]?
        for (name, value) in members {
            if name.hasSameBytes(as: "expiration") {
                expiration = try Self.expiration(value)
            } else if name.hasSameBytes(as: "conditions") {
                guard case .array(let list) = value else { throw .invalidPolicy("Invalid 'conditions' value: must be a List.") }
                conditions = []
                for element in list { conditions?.append(try Self.condition(element)) }
            } else {
                throw .invalidPolicy("Unexpected: '\(name.asciiLowercased)'")
            }
        }
        guard let expiration else { throw .invalidPolicy("Policy missing expiration.") }
        guard let conditions else { throw .invalidPolicy("Policy missing conditions.") }
        self.init(expiration: expiration, conditions: conditions)
    }

    private static func members(_ json: [UInt8]) throws(StoreRefusal) -> [(name: String, value: JSONValue)] {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: json, maximumDepth: 8)
        } catch {
            throw .invalidPolicyJSON
        }
        guard case .object(let object) = value else { throw .invalidPolicyJSON }
        return object.members
    }

    private static func expiration(_ value: JSONValue) throws(StoreRefusal) -> Date {
        guard case .string(let text) = value else { throw .invalidPolicyJSON }
        guard let date = Date(text, as: .utc) else {
            throw .invalidPolicy("Invalid 'expiration' value: '\(text)'")
        }
        return date
    }

    private static func condition(_ value: JSONValue) throws(StoreRefusal) -> Condition {
        switch value {
        case .object(let object): return .field(try simpleCondition(object))
        case .array(let elements): return try arrayCondition(elements)
        default: throw .invalidPolicy("Invalid condition test: must be a List or Object.")
        }
    }

    /// `{"acl": "private"}`, which S3 treats as `["eq", "$acl", "private"]`.
    private static func simpleCondition(_ object: JSONObject) throws(StoreRefusal) -> PolicyCondition {
        guard object.members.count == 1, let member = object.members.first else {
            throw .invalidPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        }
        switch member.value {
        case .string(let value): return PolicyCondition(match: .equal, name: "$\(member.name)", value: value)
        case .null: throw .invalidPolicyJSON
        default: throw .invalidPolicy("Invalid Simple-Condition: value must be a string.")
        }
    }

    private static func arrayCondition(_ elements: [JSONValue]) throws(StoreRefusal) -> Condition {
        guard let first = elements.first else { throw .invalidPolicy("Invalid Condition: missing operation identifier.") }
        guard case .string(let name) = first else { throw .invalidPolicyJSON }
        let operation = name.asciiLowercased
        let match = PolicyCondition.Match(rawValue: operation)
        guard match != nil || operation == "content-length-range" else {
            throw .invalidPolicy("Invalid Condition: unknown operation '\(operation)'.")
        }
        guard elements.count == 3 else { throw .invalidPolicy("Invalid \(operation): wrong number of arguments.") }
        guard let match else { return try contentLength(elements[1], elements[2]) }
        guard case .string(let field) = elements[1], case .string(let value) = elements[2] else { throw .invalidPolicyJSON }
        return .field(PolicyCondition(match: match, name: field, value: value))
    }

    /// Integers, or strings of digits. S3 calls a number with a point or an exponent invalid JSON, and takes a string that
    /// is no number for a condition that fails.
    private static func contentLength(_ minimum: JSONValue, _ maximum: JSONValue) throws(StoreRefusal) -> Condition {
        let (lower, upper) = (try bound(minimum), try bound(maximum))
        guard let minimum = Int(lower.digits), let maximum = Int(upper.digits) else {
            return .impossible("[\"content-length-range\", \(lower.text), \(upper.text)]")
        }
        return .contentLength(minimum: minimum, maximum: maximum)
    }

    private static func bound(_ value: JSONValue) throws(StoreRefusal) -> (digits: String, text: String) {
        switch value {
        case .string(let text): return (text, JSONWriter.quoted(text))
        case .number(let number) where Int(number.literal) != nil: return (number.literal, number.literal)
        default: throw .invalidPolicyJSON
        }
    }
}
