// SPDX-License-Identifier: Apache-2.0

/// Why a request gets no ticket. The codes are part of the HTTP interface and never change.
package enum Refusal: Error, Sendable, Hashable {
    /// The tenant has no rule of that name.
    case ruleUnknown(allowed: [String])
    /// The tenant has several rules and the request names none.
    case ruleRequired(allowed: [String])
    /// The caller lacks the rule's scope.
    case scopeMissing(String)
    /// The rule's keys need a user and the caller has none.
    case userRequired
    /// The content type is not on the rule's list.
    case contentTypeNotAllowed(allowed: [String])
    /// The declared size is over the rule's limit, in bytes.
    case sizeTooLarge(max: Int)
    /// The declared size is under the rule's limit, in bytes.
    case sizeTooSmall(min: Int)
    /// The rule wants a declared size.
    case sizeRequired
    /// The rule wants a checksum.
    case checksumRequired
    /// The checksum is not the base64 of 32 bytes.
    case checksumMalformed
    /// A metadata name the rule does not allow.
    case metadataNotAllowed(allowed: [String])
    /// The key would be longer than S3's 1024 bytes.
    case keyTooLong
    /// Anything else that makes the request invalid; the sentence says what to do.
    case invalid(String)
}
