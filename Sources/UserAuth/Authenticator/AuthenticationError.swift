// SPDX-License-Identifier: Apache-2.0

/// Why a credential was refused: for logs, metrics and `postern whoami`, never for the answer.
///
/// The answer is the same 401 for every case but ``keysUnavailable(issuer:)``, which is a 503. No case holds anything of the
/// credential.
package enum AuthenticationError: Error, Sendable, Hashable {
    // The header field `Authorization`.
    case authorizationMissing
    case authorizationRepeated
    case authorizationTooLong
    case schemeNotBearer

    // A token before its signature.
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
    /// The issuer's keys were never had: the service's fault, not the caller's. Names the issuer as it is configured.
    case keysUnavailable(issuer: String)
    case keyIDMissing
    case keyUnknown
    case keyMismatch
    case signatureInvalid

    // A token after its signature.
    case audienceMissing
    case audienceMalformed
    case audienceMismatch
    case expirationMissing
    case expirationMalformed
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
