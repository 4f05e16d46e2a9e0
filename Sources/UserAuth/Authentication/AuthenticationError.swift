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
    /// An encrypted token (RFC 7516).
    case tokenEncrypted
    case headerMalformed
    case algorithmUnsupported
    case criticalExtension
    case unencodedPayload
    case typeNotAllowed
    case keyIDMalformed
    case claimsMalformed
    case issuerMissing
    /// `similar` is a declared issuer that differs only in a `/` at the end.
    case issuerUnknown(similar: String?)
    /// The token fits several declarations of its issuer.
    case issuerAmbiguous
    /// The token fits none of several declarations of its issuer.
    case declarationUnmatched
    case algorithmNotAllowed
    /// The issuer's keys have not been fetched, which is not the caller's fault. `issuer` is the configured identifier.
    case keysUnavailable(issuer: String)
    case keyIDMissing
    case keyUnknown
    case keyMismatch
    /// The key is for another issuer of the key set.
    case keyIssuerMismatch
    case signatureInvalid

    // The claims of a token with a valid signature.
    /// The claim in the issuer's placeholder is missing, or has another value than `iss` has there. `claim` is the declared name.
    case issuerClaimMismatch(claim: String)
    case audienceMissing
    case audienceMalformed
    case audienceMismatch
    case authorizedPartyMissing
    case authorizedPartyMalformed
    case authorizedPartyMismatch
    /// `claim` is the declared name.
    case requiredClaimMissing(claim: String)
    /// The claim has another value, or the same in another JSON type. `claim` is the declared name.
    case requiredClaimMismatch(claim: String)
    /// The declaration's `until` has passed.
    case issuerEnded
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
    /// The tenant refuses tokens that are as old, or whose age is unknown.
    case issuedTooEarly

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
        case .tokenEncrypted: "token-encrypted"
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
        case .declarationUnmatched: "declaration-unmatched"
        case .algorithmNotAllowed: "algorithm-not-allowed"
        case .keysUnavailable: "keys-unavailable"
        case .keyIDMissing: "key-id-missing"
        case .keyUnknown: "key-unknown"
        case .keyMismatch: "key-mismatch"
        case .keyIssuerMismatch: "key-issuer-mismatch"
        case .signatureInvalid: "signature-invalid"
        case .issuerClaimMismatch: "issuer-claim-mismatch"
        case .audienceMissing: "audience-missing"
        case .audienceMalformed: "audience-malformed"
        case .audienceMismatch: "audience-mismatch"
        case .authorizedPartyMissing: "authorized-party-missing"
        case .authorizedPartyMalformed: "authorized-party-malformed"
        case .authorizedPartyMismatch: "authorized-party-mismatch"
        case .requiredClaimMissing: "required-claim-missing"
        case .requiredClaimMismatch: "required-claim-mismatch"
        case .issuerEnded: "issuer-ended"
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
        case .issuedTooEarly: "issued-too-early"
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
        case .tokenMalformed, .tokenEncrypted: .encoding
        case .headerMalformed: .header
        case .algorithmUnsupported: .algorithm
        case .criticalExtension, .unencodedPayload: .extensions
        case .typeNotAllowed: .type
        case .keyIDMalformed: .keyIDFormat
        case .claimsMalformed: .claims
        case .issuerMissing, .issuerUnknown, .issuerAmbiguous, .declarationUnmatched: .issuer
        case .algorithmNotAllowed: .issuerAlgorithm
        case .keysUnavailable: .issuerKeys
        case .keyIDMissing, .keyUnknown: .keySelection
        case .keyMismatch, .keyIssuerMismatch: .keyAgreement
        case .signatureInvalid: .signature
        case .issuerClaimMismatch: .issuerClaim
        case .audienceMissing, .audienceMalformed, .audienceMismatch: .audience
        case .authorizedPartyMissing, .authorizedPartyMalformed, .authorizedPartyMismatch: .authorizedParty
        case .requiredClaimMissing, .requiredClaimMismatch: .requiredClaims
        case .issuerEnded: .issuerEnd
        case .expirationMissing, .expirationMalformed, .expired: .expiration
        case .notBeforeMalformed, .notYetValid: .notBefore
        case .issuedAtMalformed, .issuedInFuture: .issuedAt
        case .lifetimeTooLong: .lifetime
        case .userMissing, .userMalformed: .user
        case .tenantMissing, .tenantMalformed: .tenant
        case .scopesMalformed: .scopes
        case .issuedTooEarly: .age
        case .apiKeyMalformed: .keyFormat
        case .apiKeyUnknown, .apiKeyMismatch: .keyMatch
        case .apiKeyExpired: .keyExpiry
        }
    }
}
