// SPDX-License-Identifier: Apache-2.0

import WireFormats

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A policy document as a store reads it, which evaluates forms as S3 does ("POST Policy" in the S3 documentation).
///
/// Names of fields are compared without regard to case, values byte for byte. Where AWS documents nothing, S3's responses, as
/// recorded by clients, are authoritative: a condition on a field that is not in the form fails, even `starts-with` with an
/// empty prefix; `content-length-range` may contain strings; a policy without a condition on `bucket` allows no upload.
public struct PolicyDocument: Sendable, Hashable {
    /// When the policy ends.
    public let expiration: Date
    /// The smallest file that every `content-length-range` allows, in bytes; 0 without one.
    public let minimumFileBytes: Int
    /// The largest file that every `content-length-range` allows, in bytes; ``UploadPolicy/maximumFileBytes`` without one.
    public let maximumFileBytes: Int
    let conditions: [Condition]

    /// A condition, in the order of the policy.
    enum Condition: Sendable, Hashable {
        case field(PolicyCondition)
        case contentLength(minimum: Int, maximum: Int)
        /// A condition that S3 accepts but that no form satisfies, with its text.
        case impossible(String)
    }

    init(expiration: Date, conditions: [Condition]) {
        self.expiration = expiration
        self.conditions = conditions
        var minimum = 0
        var maximum = UploadPolicy.maximumFileBytes
        for case .contentLength(let lower, let upper) in conditions {
            minimum = max(minimum, lower)
            maximum = min(maximum, upper)
        }
        minimumFileBytes = minimum
        maximumFileBytes = maximum
    }

    /// Evaluates the policy for a form. The form's signature must have been verified.
    /// - Parameters:
    ///   - form: the fields before the file, with `${filename}` expanded (see ``ReceivedForm``).
    ///   - fileSize: the size of the file in bytes; nil if it is not known yet, so that it is not checked.
    ///   - bucket: the bucket of the request's URL.
    ///   - date: the current date.
    /// - Returns: the error with which S3 would respond, or nil if the form is accepted.
    public func evaluate(form: [FormField], fileSize: Int?, bucket: String, at date: Date) -> StoreError? {
        evaluate(ReceivedForm(expanded: form), fileSize: fileSize, bucket: bucket, at: date)
    }

    func evaluate(_ form: ReceivedForm, fileSize: Int?, bucket: String, at date: Date) -> StoreError? {
        guard date < expiration else { return .policyExpired }
        return failedCondition(form, bucket: bucket) ?? extraField(form) ?? fileSize.flatMap(sizeRefusal)
    }
}

extension PolicyDocument {
    private func failedCondition(_ form: ReceivedForm, bucket: String) -> StoreError? {
        for condition in conditions {
            switch condition {
            case .field(let condition):
                guard let field = condition.field else { return .conditionFailed(condition.text) }
                // The bucket is that of the URL. If the form has a field `bucket` too, the condition must hold for both.
                let holds =
                    field == "bucket"
                    ? condition.holds(for: bucket) && condition.holds(for: form["bucket"] ?? bucket)
                    : condition.holds(for: form[field])
                guard holds else { return .conditionFailed(condition.text) }
            case .impossible(let text):
                return .conditionFailed(text)
            case .contentLength:
                break
            }
        }
        return nil
    }

    /// Fields that need no condition, besides those that begin with `x-ignore-`. The names of SigV2 are among them.
    private static let exempt: Set<String> = ["x-amz-signature", "file", "policy", "signature", "awsaccesskeyid"]

    /// Returns the refusal of the first field without a condition. The bucket must have one even if it is not a field, since it is
    /// part of every POST.
    private func extraField(_ form: ReceivedForm) -> StoreError? {
        let covered = coveredFields
        let inputs = form.fields.map(\.name.asciiLowercased) + ["bucket"]
        return inputs.first { !covered.contains($0) && !FormField.isIgnored($0) }.map(StoreError.extraField)
    }

    /// The names, in lower case, of the fields that a form may have, besides those that begin with `x-ignore-`.
    private var coveredFields: Set<String> {
        var covered = Self.exempt
        for case .field(let condition) in conditions {
            if let field = condition.field { covered.insert(field) }
        }
        return covered
    }

    /// Whether a form may have a field of this name.
    package func allows(_ name: String) -> Bool {
        coveredFields.contains(name.asciiLowercased) || FormField.isIgnored(name)
    }

    /// The only value that a field may have; nil if no condition says that.
    package func value(of name: String) -> String? {
        for case .field(let condition) in conditions where condition.match == .equal {
            if condition.field == name.asciiLowercased { return condition.value }
        }
        return nil
    }

    private func sizeRefusal(_ size: Int) -> StoreError? {
        if size > maximumFileBytes { return .tooLarge(size, maximum: maximumFileBytes) }
        if size < minimumFileBytes { return .tooSmall(size, minimum: minimumFileBytes) }
        return nil
    }
}

// MARK: Parsing

extension PolicyDocument {
    /// Parses the `policy` field of a form.
    /// - Throws: ``StoreError`` with S3's code `InvalidPolicyDocument`.
    public init(base64: String) throws(StoreError) {
        guard let json = Base64.decode(base64) else { throw .invalidPolicy("invalid Base64 encoding.") }
        try self.init(json: json)
    }

    /// Parses a policy document in JSON. Unknown members are refused, as by S3.
    /// - Throws: ``StoreError`` with S3's code `InvalidPolicyDocument`.
    public init(json: [UInt8]) throws(StoreError) {
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

    private static func members(_ json: [UInt8]) throws(StoreError) -> [(name: String, value: JSONValue)] {
        let value: JSONValue
        do throws(JSONSyntaxError) {
            value = try JSONValue(parsing: json, maximumDepth: 8)
        } catch {
            throw .invalidPolicyJSON
        }
        guard case .object(let object) = value else { throw .invalidPolicyJSON }
        return object.members
    }

    private static func expiration(_ value: JSONValue) throws(StoreError) -> Date {
        guard case .string(let text) = value else { throw .invalidPolicyJSON }
        guard let date = Date(text, as: .utc) else {
            throw .invalidPolicy("Invalid 'expiration' value: '\(text)'")
        }
        return date
    }

    private static func condition(_ value: JSONValue) throws(StoreError) -> Condition {
        switch value {
        case .object(let object): return .field(try simpleCondition(object))
        case .array(let elements): return try arrayCondition(elements)
        default: throw .invalidPolicy("Invalid condition test: must be a List or Object.")
        }
    }

    /// Reads `{"acl": "private"}`, which S3 treats as `["eq", "$acl", "private"]`.
    private static func simpleCondition(_ object: JSONObject) throws(StoreError) -> PolicyCondition {
        guard object.members.count == 1, let member = object.members.first else {
            throw .invalidPolicy("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        }
        switch member.value {
        case .string(let value): return PolicyCondition(match: .equal, name: "$\(member.name)", value: value)
        case .null: throw .invalidPolicyJSON
        default: throw .invalidPolicy("Invalid Simple-Condition: value must be a string.")
        }
    }

    private static func arrayCondition(_ elements: [JSONValue]) throws(StoreError) -> Condition {
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

    /// Reads the bounds of a size: integers, or strings of digits. S3 reports a number with a decimal point or an exponent as
    /// invalid JSON, and treats a string that is not a number as a condition that fails.
    private static func contentLength(_ minimum: JSONValue, _ maximum: JSONValue) throws(StoreError) -> Condition {
        let (lower, upper) = (try bound(minimum), try bound(maximum))
        guard let minimum = Int(lower.digits), let maximum = Int(upper.digits) else {
            return .impossible("[\"content-length-range\", \(lower.text), \(upper.text)]")
        }
        return .contentLength(minimum: minimum, maximum: maximum)
    }

    private static func bound(_ value: JSONValue) throws(StoreError) -> (digits: String, text: String) {
        switch value {
        case .string(let text): return (text, JSONWriter.quoted(text))
        case .number(let number) where Int(number.literal) != nil: return (number.literal, number.literal)
        default: throw .invalidPolicyJSON
        }
    }
}

/// One condition of a policy document on a form's fields.
struct PolicyCondition: Sendable, Hashable {
    let match: Match
    /// The name as the policy spells it, for messages; with its `$`, if the policy has one.
    let name: String
    /// The value or prefix that the policy requires.
    let value: String

    enum Match: String, Sendable {
        case equal = "eq"
        case prefix = "starts-with"
    }

    /// The field that the condition is on, in lower case; nil if the name lacks its `$` and so names no field.
    var field: String? {
        name.utf8.first == UInt8(ascii: "$") ? String(decoding: name.utf8.dropFirst(), as: UTF8.self).asciiLowercased : nil
    }

    /// The condition as in S3's error messages: always as an array, with escaped strings and a space after each comma.
    var text: String {
        "[\(JSONWriter.quoted(match.rawValue)), \(JSONWriter.quoted(name)), \(JSONWriter.quoted(value))]"
    }

    /// Whether a field's value satisfies the condition. A missing field (nil) satisfies none, not even an empty prefix.
    func holds(for received: String?) -> Bool {
        guard let received else { return false }
        switch match {
        case .equal:
            return received.hasSameBytes(as: value)
        case .prefix where field == "content-type":
            // POST Policy, "Condition matching": with starts-with, a value with commas is a list, and each member must match.
            // The values of other fields are not lists.
            return received.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .allSatisfy { $0.drop { $0 == 0x20 || $0 == 0x09 }.starts(with: value.utf8) }
        case .prefix:
            return received.utf8.starts(with: value.utf8)
        }
    }
}
