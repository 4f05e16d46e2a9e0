// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// Why a request gets no ticket.
package enum Refusal: Error, Sendable, Hashable {
    /// The tenant has no rule of this name, or this caller may not use it.
    case ruleUnknown(allowed: [String])
    /// The caller may use several rules, or none, and the request names none.
    case ruleRequired(allowed: [String])
    /// The caller lacks the rule's scope.
    case scopeMissing(String)
    /// The attribute of this name is part of the rule's keys, and the caller has none.
    case claimMissing(String)
    /// The user is part of the rule's keys, and the request has none.
    case userRequired
    /// The content type is malformed, or the rule does not allow it.
    case contentTypeNotAllowed(allowed: [String])
    /// The declared size is above the rule's limit, in bytes.
    case sizeTooLarge(max: Int)
    /// The declared size is below the rule's limit, in bytes.
    case sizeTooSmall(min: Int)
    /// The rule requires a checksum, and the request has none.
    case checksumRequired
    /// The checksum is not the base64 of 32 bytes.
    case checksumMalformed
    /// The rule does not allow metadata of this name.
    case metadataNotAllowed(allowed: [String])
    /// The key would be longer than `UploadPolicy.maximumKeyBytes`.
    case keyTooLong
    /// The signed form would be larger than `SignedForm.maximumBytes`.
    case formTooLarge
    /// The request is invalid in another way. The sentence says what to do.
    case invalid(String)
}

extension Refusal {
    /// A plain sentence that says what to do. It repeats nothing that the client sent.
    package var detail: String {
        switch self {
        case .ruleUnknown(let allowed):
            allowed.isEmpty
                ? "There is no such rule, and this token or API key may use no rule of the tenant."
                : "There is no such rule; name one of: \(allowed.joined(separator: ", "))."
        case .ruleRequired(let allowed):
            allowed.isEmpty
                ? "This token or API key may use no rule of the tenant."
                : "Name a rule in \"rule\": one of \(allowed.joined(separator: ", "))."
        case .scopeMissing(let scope):
            "This rule needs the scope \"\(scope)\"; ask for a token that has it."
        case .claimMissing(let name):
            "This rule stores files by the claim that it calls \"\(name)\", which this token or API key does not have as a string of 1 to 256 bytes; ask for a token that has it."
        case .userRequired:
            "This rule stores files by user; send the id of the file's user as \"user\"."
        case .contentTypeNotAllowed(let allowed):
            "This content type may not be uploaded here; allowed: \(allowed.joined(separator: ", "))."
        case .sizeTooLarge(let max):
            "The file is too large; at most \(max) bytes are allowed."
        case .sizeTooSmall(let min):
            "The file is too small; the minimum size in bytes is \(min)."
        case .checksumRequired:
            "This rule needs the file's SHA-256; send it in base64 as \"checksumSHA256\"."
        case .checksumMalformed:
            "\"checksumSHA256\" must be the base64 of the 32 bytes of the file's SHA-256: 44 characters, the last one \"=\"."
        case .metadataNotAllowed(let allowed):
            allowed.isEmpty
                ? "This rule allows no metadata; leave \"metadata\" out."
                : "This metadata name is not allowed; allowed: \(allowed.joined(separator: ", "))."
        case .keyTooLong:
            "The key would be longer than \(UploadPolicy.maximumKeyBytes) bytes; send a shorter file name."
        case .formTooLarge:
            "The form would be larger than the 20 KB that S3 reads; send less metadata or a shorter file name."
        case .invalid(let sentence):
            sentence
        }
    }
}
