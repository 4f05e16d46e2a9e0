// SPDX-License-Identifier: Apache-2.0

/// The stable codes of the service's problems: what a program may branch on.
package enum ProblemCode: String, Sendable, CaseIterable {
    case malformedJSON = "malformed-json"
    case invalidRequest = "invalid-request"
    case unauthenticated
    case tenantUnknown = "tenant-unknown"
    case scopeMissing = "scope-missing"
    case originNotAllowed = "origin-not-allowed"
    case userNotAllowed = "user-not-allowed"
    case ruleUnknown = "rule-unknown"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case headersTooLarge = "headers-too-large"
    case contentTypeNotAllowed = "content-type-not-allowed"
    case sizeTooLarge = "size-too-large"
    case sizeTooSmall = "size-too-small"
    case checksumRequired = "checksum-required"
    case metadataNotAllowed = "metadata-not-allowed"
    case keyTooLong = "key-too-long"
    case rateLimited = "rate-limited"
    case credentialsUnavailable = "credentials-unavailable"
    case keysUnavailable = "keys-unavailable"
    case clockImplausible = "clock-implausible"
    case overloaded
    case internalError = "internal-error"

    /// The HTTP status code that goes with it.
    package var status: Int {
        switch self {
        case .malformedJSON, .invalidRequest: 400
        case .unauthenticated: 401
        case .tenantUnknown, .scopeMissing, .originNotAllowed, .userNotAllowed: 403
        case .ruleUnknown, .notFound: 404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .contentTypeNotAllowed, .sizeTooLarge, .sizeTooSmall, .checksumRequired, .metadataNotAllowed,
            .keyTooLong:
            422
        case .rateLimited: 429
        case .headersTooLarge: 431
        case .credentialsUnavailable, .keysUnavailable, .clockImplausible, .overloaded: 503
        case .internalError: 500
        }
    }

    /// A short human-readable summary, the same for each occurrence (RFC 9457, section 3.1.3).
    package var title: String {
        switch self {
        case .malformedJSON: "The body is not valid JSON"
        case .invalidRequest: "The request is not valid"
        case .unauthenticated: "Authentication is required"
        case .tenantUnknown: "The tenant is not known"
        case .scopeMissing: "The token lacks a scope"
        case .originNotAllowed: "This web origin may not ask"
        case .userNotAllowed: "Not for this user"
        case .ruleUnknown: "There is no such rule"
        case .notFound: "There is nothing here"
        case .methodNotAllowed: "The method is not allowed here"
        case .requestTimeout: "The request took too long"
        case .bodyTooLarge: "The body is too large"
        case .unsupportedMediaType: "The body must be JSON"
        case .headersTooLarge: "The header fields are too large"
        case .contentTypeNotAllowed: "The content type is not allowed"
        case .sizeTooLarge: "The file is too large"
        case .sizeTooSmall: "The file is too small"
        case .checksumRequired: "A checksum is required"
        case .metadataNotAllowed: "The metadata is not allowed"
        case .keyTooLong: "The key would be too long"
        case .rateLimited: "Too many requests"
        case .credentialsUnavailable: "No credentials to sign with"
        case .keysUnavailable: "No keys to verify with"
        case .clockImplausible: "The clock cannot be right"
        case .overloaded: "The service is overloaded"
        case .internalError: "Something went wrong here"
        }
    }
}
