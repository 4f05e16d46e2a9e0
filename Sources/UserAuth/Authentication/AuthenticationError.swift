// SPDX-License-Identifier: Apache-2.0

/// Why a credential was refused: for logs, metrics and `postern whoami`, never for the response.
///
/// The response is the same 401 for all cases except ``keysUnavailable(issuer:)``, which is a 503, and ``expired``, which has a
/// code of its own. No case contains any part of the credential.
package enum AuthenticationError: Error, Sendable, Hashable {
    // The header field `Authorization`.
    case authorizationMissing
    case authorizationRepeated
    case authorizationTooLong
    case schemeNotBearer

    // A token, up to its signature.
    case tokenMalformed
    case headerMalformed
    case algorithmUnsupported
    case criticalExtension
    case unencodedPayload
    case typeNotAllowed
    case keyIDMalformed
    case claimsMalformed
    case issuerMissing
    case issuerUnknown
    case issuerAmbiguous
    case algorithmNotAllowed
    /// The issuer's keys have not been fetched, which is not the caller's fault. `issuer` is the configured identifier.
    case keysUnavailable(issuer: String)
    case keyIDMissing
    case keyUnknown
    case keyMismatch
    case signatureInvalid

    // The claims of a token with a valid signature.
    case audienceMissing
    case audienceMalformed
    case audienceMismatch
    case expirationMissing
    case expirationMalformed
    /// The token has expired. All checks before it have passed, also that of the signature.
    case expired
    case notBeforeMalformed
    case notYetValid
    case issuedAtMalformed
    case issuedInFuture
    case lifetimeTooLong
    case userMissing
    case userMalformed
    case tenantMissing
    case tenantMalformed
    case scopesMalformed

    // An API key.
    case apiKeyMalformed
    case apiKeyUnknown
    case apiKeyMismatch
    case apiKeyExpired
}

extension AuthenticationError {
    /// A word for logs and metric labels, from a fixed set.
    package var reason: String {
        switch self {
        case .authorizationMissing: "authorization-missing"
        case .authorizationRepeated: "authorization-repeated"
        case .authorizationTooLong: "authorization-too-long"
        case .schemeNotBearer: "scheme-not-bearer"
        case .tokenMalformed: "token-malformed"
        case .headerMalformed: "header-malformed"
        case .algorithmUnsupported: "algorithm-unsupported"
        case .criticalExtension: "critical-extension"
        case .unencodedPayload: "unencoded-payload"
        case .typeNotAllowed: "type-not-allowed"
        case .keyIDMalformed: "key-id-malformed"
        case .claimsMalformed: "claims-malformed"
        case .issuerMissing: "issuer-missing"
        case .issuerUnknown: "issuer-unknown"
        case .issuerAmbiguous: "issuer-ambiguous"
        case .algorithmNotAllowed: "algorithm-not-allowed"
        case .keysUnavailable: "keys-unavailable"
        case .keyIDMissing: "key-id-missing"
        case .keyUnknown: "key-unknown"
        case .keyMismatch: "key-mismatch"
        case .signatureInvalid: "signature-invalid"
        case .audienceMissing: "audience-missing"
        case .audienceMalformed: "audience-malformed"
        case .audienceMismatch: "audience-mismatch"
        case .expirationMissing: "expiration-missing"
        case .expirationMalformed: "expiration-malformed"
        case .expired: "expired"
        case .notBeforeMalformed: "not-before-malformed"
        case .notYetValid: "not-yet-valid"
        case .issuedAtMalformed: "issued-at-malformed"
        case .issuedInFuture: "issued-in-future"
        case .lifetimeTooLong: "lifetime-too-long"
        case .userMissing: "user-missing"
        case .userMalformed: "user-malformed"
        case .tenantMissing: "tenant-missing"
        case .tenantMalformed: "tenant-malformed"
        case .scopesMalformed: "scopes-malformed"
        case .apiKeyMalformed: "api-key-malformed"
        case .apiKeyUnknown: "api-key-unknown"
        case .apiKeyMismatch: "api-key-mismatch"
        case .apiKeyExpired: "api-key-expired"
        }
    }

    /// The check that failed.
    package var check: AuthenticationCheck {
        switch self {
        case .authorizationMissing, .authorizationRepeated: .authorization
        case .authorizationTooLong: .size
        case .schemeNotBearer: .scheme
        case .tokenMalformed: .encoding
        case .headerMalformed: .header
        case .algorithmUnsupported: .algorithm
        case .criticalExtension, .unencodedPayload: .extensions
        case .typeNotAllowed: .type
        case .keyIDMalformed: .keyIDFormat
        case .claimsMalformed: .claims
        case .issuerMissing, .issuerUnknown, .issuerAmbiguous: .issuer
        case .algorithmNotAllowed: .issuerAlgorithm
        case .keysUnavailable: .issuerKeys
        case .keyIDMissing, .keyUnknown: .keySelection
        case .keyMismatch: .keyAgreement
        case .signatureInvalid: .signature
        case .audienceMissing, .audienceMalformed, .audienceMismatch: .audience
        case .expirationMissing, .expirationMalformed, .expired: .expiration
        case .notBeforeMalformed, .notYetValid: .notBefore
        case .issuedAtMalformed, .issuedInFuture: .issuedAt
        case .lifetimeTooLong: .lifetime
        case .userMissing, .userMalformed: .user
        case .tenantMissing, .tenantMalformed: .tenant
        case .scopesMalformed: .scopes
        case .apiKeyMalformed: .keyFormat
        case .apiKeyUnknown, .apiKeyMismatch: .keyMatch
        case .apiKeyExpired: .keyExpiry
        }
    }
}
