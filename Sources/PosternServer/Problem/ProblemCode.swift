// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

/// The stable codes of the service's problems: client programs may branch on them.
///
/// To add a code, add a case and its row here, a line in the mapping below if another target throws its error, and the code in
/// `openapi.yaml`: in the list of codes, in its response's description and as an example. Codes never change.
package enum ProblemCode: String, Sendable, CaseIterable {
    case malformedJSON = "malformed-json"
    case invalidRequest = "invalid-request"
    case unauthenticated
    case tokenExpired = "token-expired"
    case tenantUnknown = "tenant-unknown"
    case tenantSuspended = "tenant-suspended"
    case scopeMissing = "scope-missing"
    case claimMissing = "claim-missing"
    case originNotAllowed = "origin-not-allowed"
    case userNotAllowed = "user-not-allowed"
    case userDenied = "user-denied"
    case ruleUnknown = "rule-unknown"
    case notFound = "not-found"
    case methodNotAllowed = "method-not-allowed"
    case requestTimeout = "request-timeout"
    case bodyTooLarge = "body-too-large"
    case unsupportedMediaType = "unsupported-media-type"
    case contentTypeNotAllowed = "content-type-not-allowed"
    case sizeTooLarge = "size-too-large"
    case sizeTooSmall = "size-too-small"
    case sizeRequired = "size-required"
    case checksumRequired = "checksum-required"
    case checksumNotAllowed = "checksum-not-allowed"
    case metadataNotAllowed = "metadata-not-allowed"
    case parameterInvalid = "parameter-invalid"
    case keyTooLong = "key-too-long"
    case rateLimited = "rate-limited"
    case headersTooLarge = "headers-too-large"
    case internalError = "internal-error"
    case credentialsUnavailable = "credentials-unavailable"
    case keysUnavailable = "keys-unavailable"
    case clockImplausible = "clock-implausible"
    case auditUnavailable = "audit-unavailable"
    case overloaded

    /// The HTTP status code.
    package var status: Int { row.status }

    /// A short summary, identical for every occurrence of the code (RFC 9457, section 3.1.3).
    package var title: String { row.title }

    private var row: (status: Int, title: String) {
        switch self {
        case .malformedJSON: (400, "The body is not valid JSON")
        case .invalidRequest: (400, "The request is not valid")
        case .unauthenticated: (401, "Authentication is required")
        case .tokenExpired: (401, "The token has expired")
        case .tenantUnknown: (403, "The tenant is not known")
        case .tenantSuspended: (403, "The tenant is suspended")
        case .scopeMissing: (403, "The token lacks a scope")
        case .claimMissing: (403, "The token lacks a claim")
        case .originNotAllowed: (403, "This origin is not allowed")
        case .userNotAllowed: (403, "This user is not allowed")
        case .userDenied: (403, "This user is blocked")
        case .ruleUnknown: (404, "There is no such rule")
        case .notFound: (404, "There is nothing here")
        case .methodNotAllowed: (405, "The method is not allowed here")
        case .requestTimeout: (408, "The request took too long")
        case .bodyTooLarge: (413, "The body is too large")
        case .unsupportedMediaType: (415, "The body must be JSON")
        case .contentTypeNotAllowed: (422, "The content type is not allowed")
        case .sizeTooLarge: (422, "The file is too large")
        case .sizeTooSmall: (422, "The file is too small")
        case .sizeRequired: (422, "The file's size is required")
        case .checksumRequired: (422, "A checksum is required")
        case .checksumNotAllowed: (422, "The checksum is not allowed")
        case .metadataNotAllowed: (422, "The metadata is not allowed")
        case .parameterInvalid: (422, "A parameter is not valid")
        case .keyTooLong: (422, "The key would be too long")
        case .rateLimited: (429, "Too many requests")
        case .headersTooLarge: (431, "The header fields are too large")
        case .internalError: (500, "The service failed")
        case .credentialsUnavailable: (503, "No credentials to sign with")
        case .keysUnavailable: (503, "No keys to verify with")
        case .clockImplausible: (503, "The clock cannot be right")
        case .auditUnavailable: (503, "Tickets cannot be recorded")
        case .overloaded: (503, "The service is overloaded")
        }
    }
}

// MARK: Errors of other targets

extension ProblemDetails {
    /// Maps an error of any target to its response. An unexpected error says nothing about its cause.
    package init(_ error: any Error) {
        switch error {
        case let problem as ProblemDetails: self = problem
        case let logged as LoggedError: self = logged.problem
        case let error as AuthenticationError: self.init(error)
        case let error as AccessError: self.init(error)
        case let refusal as Refusal: self.init(refusal)
        case let error as JSONSyntaxError: self.init(.malformedJSON, detail: "The body is not valid JSON: \(error).")
        case is CredentialError:
            self.init(
                .credentialsUnavailable, detail: "The service has no valid AWS credentials at the moment: try again later.",
                retryAfter: 5)
        default: self = .internalError
        }
    }

    /// Every failed check leads to the same 401, with two exceptions: the issuer's keys are missing, or the token is over.
    private init(_ error: AuthenticationError) {
        switch error {
        case .keysUnavailable:
            self.init(
                .keysUnavailable, detail: "The keys of the token's issuer have not been fetched yet: try again later.",
                retryAfter: 5)
        // Thrown only after the signature and the audience were found valid, so nobody learns it from a token that someone made up.
        case .expired: self = .tokenExpired
        case .authorizationMissing, .schemeNotBearer: self = .unauthenticated(.bearer)
        default: self = .unauthenticated(.invalidToken)
        }
    }

    /// A caller whom the tenant refuses, or a user whom the caller may not name.
    private init(_ error: AccessError) {
        let code: ProblemCode =
            switch error {
            case .tenantUnknown: .tenantUnknown
            case .tenantSuspended: .tenantSuspended
            case .issuedTooEarly: .unauthenticated
            case .userDenied: .userDenied
            case .originNotAllowed: .originNotAllowed
            case .userNamedByToken, .userMissing, .userNotAllowed: .userNotAllowed
            case .userInvalid: .invalidRequest
            }
        self = code == .unauthenticated ? .unauthenticated(.invalidToken) : ProblemDetails(code, detail: error.detail)
    }

    /// A refusal by a rule, with the limit that was not met and what was understood.
    init(_ refusal: Refusal) {
        let (code, limits): (ProblemCode, [Extra]) =
            switch refusal {
            case .ruleUnknown(let allowed): (.ruleUnknown, [.strings("allowed", allowed)])
            case .ruleRequired(let allowed): (.invalidRequest, [.strings("allowed", allowed)])
            case .scopeMissing(let scope): (.scopeMissing, [.string("scope", scope)])
            case .claimMissing(let name): (.claimMissing, [.string("claim", name)])
            case .contentTypeNotAllowed(_, let allowed): (.contentTypeNotAllowed, [.strings("allowed", allowed)])
            case .sizeTooLarge(_, let max): (.sizeTooLarge, [.int("maxSize", max)])
            case .sizeTooSmall(_, let min): (.sizeTooSmall, [.int("minSize", min)])
            case .sizeRequired: (.sizeRequired, [])
            case .checksumRequired(let allowed): (.checksumRequired, [.strings("allowed", allowed.map(\.rawValue))])
            case .checksumNotAllowed(_, let allowed): (.checksumNotAllowed, [.strings("allowed", allowed.map(\.rawValue))])
            case .metadataNotAllowed(_, let allowed): (.metadataNotAllowed, [.strings("allowed", allowed)])
            case .parameterInvalid(let mistake): (.parameterInvalid, Self.members(of: mistake))
            case .keyTooLong: (.keyTooLong, [])
            case .policyTooLong(_, let max): (.invalidRequest, [.int("maxPolicyBytes", max)])
            case .userRequired, .checksumMalformed, .formTooLarge, .headersTooLarge, .headerImpossible, .invalid:
                (.invalidRequest, [])
            }
        let understood = refusal.understood.map { [Extra.string("understood", $0)] } ?? []
        self.init(code, detail: refusal.detail, extras: limits + understood)
    }

    private static func members(of mistake: Refusal.ParameterMistake) -> [Extra] {
        switch mistake {
        case .missing(let parameter), .wrong(let parameter):
            [.string("parameter", parameter.name), .strings("allowed", [parameter.kind.rawValue])]
        case .unknown(let allowed): [.strings("allowed", allowed.map(\.name))]
        }
    }

    /// A request that its connection rejected.
    init(_ rejection: Rejection) {
        switch rejection {
        case .malformed(let detail):
            self.init(.invalidRequest, detail: detail)
        case .headersTooLarge(let limit):
            self.init(
                .headersTooLarge,
                detail: "The request line or the header fields are too large: send at most \(limit) bytes of header fields.")
        case .targetTooLong(let limit):
            self.init(.headersTooLarge, detail: "The request target is too long: send at most \(limit) bytes.")
        case .bodyTooLarge(let limit):
            self.init(
                .bodyTooLarge, detail: "The body is too large: send at most \(limit) bytes.", extras: [.int("maxBytes", limit)])
        case .timedOut(let seconds):
            self.init(.requestTimeout, detail: "The request was not complete within \(seconds) s: send it again, in one piece.")
        case .tooManyConnections:
            self.init(.overloaded, detail: "There are too many connections: try again in a moment.", retryAfter: 1)
        case .outOfMemoryBudget:
            self.init(
                .overloaded, detail: "Too many requests are incomplete at the moment: send this one again, in one piece.",
                retryAfter: 1)
        }
    }
}
