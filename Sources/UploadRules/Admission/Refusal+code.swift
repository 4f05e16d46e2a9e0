// SPDX-License-Identifier: Apache-2.0

extension Refusal {
    /// The stable code of the HTTP interface.
    package var code: String {
        switch self {
        case .ruleUnknown: "rule-unknown"
        case .ruleRequired, .userRequired, .checksumMalformed, .invalid: "invalid-request"
        case .scopeMissing: "scope-missing"
        case .contentTypeNotAllowed: "content-type-not-allowed"
        case .sizeTooLarge: "size-too-large"
        case .sizeTooSmall: "size-too-small"
        case .sizeRequired: "size-required"
        case .checksumRequired: "checksum-required"
        case .metadataNotAllowed: "metadata-not-allowed"
        case .keyTooLong: "key-too-long"
        }
    }

    /// A plain sentence that says what to do. It repeats nothing that the client sent.
    package var detail: String {
        switch self {
        case .ruleUnknown(let allowed):
            allowed.isEmpty
                ? "There is no such rule, and none that you may use."
                : "There is no such rule; name one of: \(allowed.joined(separator: ", "))."
        case .ruleRequired(let allowed):
            allowed.isEmpty
                ? "There is no rule that you may use."
                : "Name a rule in \"rule\": one of \(allowed.joined(separator: ", "))."
        case .scopeMissing(let scope):
            "This rule needs the scope \"\(scope)\"; ask for a token that has it."
        case .userRequired:
            "This rule stores files by user; say in \"user\" on whose behalf you ask."
        case .contentTypeNotAllowed(let allowed):
            "This content type may not be uploaded here; allowed: \(allowed.joined(separator: ", "))."
        case .sizeTooLarge(let max):
            "The file is too large; at most \(max) bytes are allowed."
        case .sizeTooSmall(let min):
            "The file is too small; at least \(min) bytes are needed."
        case .sizeRequired:
            "This rule needs the file's size; send it in bytes as \"size\"."
        case .checksumRequired:
            "This rule needs the file's SHA-256; send it in base64 as \"checksumSHA256\"."
        case .checksumMalformed:
            "\"checksumSHA256\" must be the base64 of the 32 bytes of the file's SHA-256: 44 characters, the last one \"=\"."
        case .metadataNotAllowed(let allowed):
            allowed.isEmpty
                ? "This rule allows no metadata; leave \"metadata\" out."
                : "This metadata name is not allowed; allowed: \(allowed.joined(separator: ", "))."
        case .keyTooLong:
            "The key would be longer than 1024 bytes; send a shorter file name."
        case .invalid(let sentence):
            sentence
        }
    }
}
