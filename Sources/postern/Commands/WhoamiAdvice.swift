// SPDX-License-Identifier: Apache-2.0

import PosternServer
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

/// Advice to an operator about a refused credential.
struct WhoamiAdvice {
    let identities: AuthenticationSetup
    /// The token's `iss`, not verified; nil where it has none.
    let issuer: String?

    func text(for failure: AuthenticationError) -> String {
        switch failure {
        case .authorizationMissing, .authorizationRepeated, .authorizationTooLong, .schemeNotBearer:
            "Send exactly one header field 'Authorization: Bearer <token>', of at most 8 KiB."
        case .tokenMalformed:
            "A token is three parts of base64url without padding, separated by dots: is it truncated, encrypted or opaque?"
        case .tokenEncrypted:
            "The token has five parts: it is encrypted (JWE), and only the service that it is for can read it. Auth0 issues such tokens to clients that request no audience: request a token for the API that uploads are for."
        case .headerMalformed, .claimsMalformed:
            "The header or the payload of the token is not a JSON object, or has a member twice: ask for a new token."
        case .algorithmUnsupported, .algorithmNotAllowed:
            "List the algorithm under 'algorithms' of the issuer if it is one of RS, PS, ES, EdDSA or HS; 'none' is never accepted."
        case .criticalExtension, .unencodedPayload: "The token uses an extension of RFC 7515 that Postern does not support."
        case .typeNotAllowed: "'typ' must be JWT, at+jwt or absent: other types are not access tokens."
        case .keyIDMalformed: "'kid' must be a string of at most 128 bytes."
        case .issuerMissing, .issuerUnknown:
            "If this 'iss' is your provider, set 'issuer' in the rule file to the same text, byte for byte (with or without the final '/'). \(known)"
        case .issuerAmbiguous:
            "The token fits several entries of this issuer: make them differ in 'audience', 'authorizedParties' or 'claims', so that each token fits one."
        case .declarationUnmatched:
            "Several entries declare this issuer, and the token fits none: compare its audience, 'azp' and claims with the entries' 'audience', 'authorizedParties' and 'claims'."
        case .keysUnavailable(let issuer):
            "\(identities.keyProblem(of: issuer) ?? "the keys have not been fetched"): requests get 503 until they are."
        case .keyIDMissing: "The issuer has several keys, so the token must name one in 'kid'."
        case .keyUnknown:
            "The issuer's keys are: \(keyIDs). A new key is fetched within 30 s after the first token that names it.\(skipped)"
        case .keyMismatch:
            "The key that 'kid' names is for another algorithm than the token's 'alg': correct the provider's key set, or the token."
        case .keyIssuerMismatch:
            "The key that 'kid' names is for another issuer than the token's 'iss': the token was not signed by the directory that it names."
        case .signatureInvalid:
            "The token was signed with another key than the issuer's, or was changed: check that it comes from this issuer, and that 'keys' names the issuer's current keys."
        case .issuerClaimMismatch(let claim):
            "The claim '\(claim)' must have the value that 'iss' has at the placeholder {\(claim)} of the issuer."
        case .authorizedPartyMissing, .authorizedPartyMalformed, .authorizedPartyMismatch:
            "The token's 'azp' must be one of the values of 'authorizedParties' in the rule file: use a client that is listed, or add the client."
        case .requiredClaimMissing(let claim):
            "The issuer's 'claims' require '\(claim)', which the token does not have: request another kind of token, or correct 'claims'."
        case .requiredClaimMismatch(let claim):
            "The issuer's 'claims' require another value of '\(claim)'. The type counts too: \"true\" in quotes is text, true is a boolean."
        case .issuerEnded: "The 'until' of the issuer's entry has passed: its tokens are not accepted any more."
        case .audienceMissing, .audienceMalformed, .audienceMismatch:
            "The claim 'aud', or the one that 'audienceClaim' names, must contain one of the values of 'audience' in the rule file: request a token for uploads, or correct 'audience'."
        case .expirationMissing, .expirationMalformed: "'exp' is required, as a number of seconds since 1970."
        case .expired: "It has expired: get a new one. (Clocks may differ by 60 s.)"
        case .notBeforeMalformed, .issuedAtMalformed: "'nbf' and 'iat' must be numbers of seconds since 1970."
        case .notYetValid, .issuedInFuture: "It is not valid yet: compare the clocks of the issuer and of this machine."
        case .lifetimeTooLong:
            "Its lifetime is longer than the issuer's 'maxLifetime' (24h by default): request a shorter one, or raise 'maxLifetime'."
        case .userMissing, .userMalformed:
            "The claim named by the issuer's 'user' (sub by default) must be a string of 1 to 256 bytes."
        case .tenantMissing, .tenantMalformed: "The claim named by the issuer's 'tenantClaim' must be a string of 1 to 256 bytes."
        case .scopesMalformed: "'scope' and 'scp' must be strings or arrays of strings."
        case .issuedTooEarly:
            "The tenant's 'deny.issuedBefore' refuses tokens that were issued earlier or have no 'iat': get a new token."
        case .apiKeyMalformed: "An API key is \(APIKey.prefix)TENANT.ID.SECRET as printed by 'postern key new': is it truncated?"
        case .apiKeyUnknown: "No rule file declares this key: add its id and sha256 to 'apiKeys' of its tenant."
        case .apiKeyMismatch: "The rule file has another key with this id: use that key, or correct its 'sha256'."
        case .apiKeyExpired: "The key has expired: make a new one with 'postern key new' and add it to 'apiKeys'."
        }
    }

    /// Advice about a principal whose tenant is not here.
    func text(forUnknownTenantOf principal: Principal) -> String {
        let name = principal.tenant.printableASCII(maximumLength: 256)
        if identities.book.tenants.contains(where: { $0.id.hasSameBytes(as: principal.tenant) }) {
            return
                "The tenant \(name) does not accept this issuer: see 'serviceIssuers' and 'aliases' in its rule file."
        }
        guard Identifier.isValid(principal.tenant) else {
            return
                "No tenant has this alias: write aliases: [\(name)] into the rule file of its tenant, or correct 'tenantClaim' of the issuer."
        }
        return "Write \(name).yaml in the folder of rule files, or write aliases: [\(name)] into another tenant's."
    }

    /// Why a tenant refuses a principal; nil if it does not.
    func refusal(of principal: Principal, by tenant: Tenant) -> (reason: String, advice: String)? {
        do throws(AccessError) {
            try tenant.checkAccess(of: principal)
            return nil
        } catch {
            if error == .issuedTooEarly { return (AuthenticationError.issuedTooEarly.reason, text(for: .issuedTooEarly)) }
            return (ProblemDetails(error).code.rawValue, error.detail)
        }
    }

    private var skipped: String {
        let skipped = identities.skippedKeys(of: issuer ?? "")
        return skipped.isEmpty ? "" : " Not used: \(skipped.joined(separator: "; "))."
    }

    private var known: String {
        let names = Set(identities.issuers.all.map(\.issuer.identifier)).sorted()
        return names.isEmpty ? "No issuer is declared." : "Declared: \(names.joined(separator: ", "))."
    }

    private var keyIDs: String {
        let own = identities.issuers.all.filter { $0.issuer.identifier == issuer }
        let ids = own.flatMap { $0.trusted.keys.current?.keyIDs ?? [] }.map {
            $0?.printableASCII() ?? "one without an id"
        }
        return ids.isEmpty ? "none" : Set(ids).sorted().joined(separator: ", ")
    }
}
