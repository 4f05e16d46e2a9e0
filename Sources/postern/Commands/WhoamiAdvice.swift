// SPDX-License-Identifier: Apache-2.0

import PosternServer
import UserAuth
import WireFormats

/// Tells an operator what to do about a token or API key that is refused.
struct WhoamiAdvice {
    let identities: AuthenticationSetup
    /// The token's `iss`, if it has one.
    let issuer: String?

    func text(for failure: AuthenticationError) -> String {
        switch failure {
        case .authorizationMissing, .authorizationRepeated, .authorizationTooLong, .schemeNotBearer:
            "A request carries one header field 'Authorization: Bearer <token>' of at most 8 KiB."
        case .tokenMalformed:
            "A token is three parts of base64url without padding, with a dot between them: was it cut, or is it an encrypted or opaque one?"
        case .headerMalformed, .claimsMalformed:
            "This part of the token is not a JSON object, or has a member twice."
        case .algorithmUnsupported, .algorithmNotAllowed:
            "List the algorithm under 'algorithms' of the issuer if it is one of RS, PS, ES, EdDSA or HS; 'none' is never accepted."
        case .criticalExtension, .unencodedPayload: "The token uses an extension of RFC 7515 that Postern does not support."
        case .typeNotAllowed: "'typ' must be JWT, at+jwt or absent: other kinds of tokens are not access tokens."
        case .keyIDMalformed: "'kid' is a string of at most 128 bytes."
        case .issuerMissing, .issuerUnknown: "Write this 'iss' byte for byte as 'issuer' (a '/' at the end counts). \(known)"
        case .issuerAmbiguous: "Several tenants trust this issuer: the token's 'aud' must be that of exactly one of them."
        case .keysUnavailable(let issuer):
            "\(identities.keyProblem(of: issuer) ?? "The keys have not been fetched"): requests are answered with 503 until they are."
        case .keyIDMissing: "The issuer has several keys, so the token must name one in 'kid'."
        case .keyUnknown:
            "The issuer's keys are: \(keyIDs). A new one is fetched within 30 s of the first token that names it.\(skipped)"
        case .keyMismatch: "The key that 'kid' names is for another algorithm."
        case .signatureInvalid:
            "It was not signed with the key that the issuer publishes under this 'kid', or it was changed afterwards."
        case .audienceMissing, .audienceMalformed, .audienceMismatch:
            "Ask the issuer for a token whose 'aud' is one of 'audience' of the rule file."
        case .expirationMissing, .expirationMalformed: "'exp' is required, as a number of seconds since 1970."
        case .expired: "It has expired: get a new one. (A difference of 60 s between clocks is allowed.)"
        case .notBeforeMalformed, .issuedAtMalformed: "'nbf' and 'iat' are numbers of seconds since 1970."
        case .notYetValid, .issuedInFuture: "It is from the future: compare the clocks of the issuer and of this machine."
        case .lifetimeTooLong: "Its lifetime is longer than 'maxLifetime' of the issuer (24h by default)."
        case .userMissing, .userMalformed:
            "The claim that 'user' of the issuer names (sub by default) is a string of 1 to 256 bytes."
        case .tenantMissing, .tenantMalformed: "The claim that 'tenantClaim' of the issuer names is a string of 1 to 256 bytes."
        case .scopesMalformed: "'scope' and 'scp' are strings, or arrays of strings."
        case .apiKeyMalformed: "An API key is \(APIKey.prefix)TENANT.ID.SECRET as 'postern key new' printed it: was it cut?"
        case .apiKeyUnknown: "No rule file declares this key: paste its id and sha256 under 'apiKeys' of its tenant."
        case .apiKeyMismatch: "There is a key of this id, but with another secret: was it rotated?"
        case .apiKeyExpired: "The key has expired: make a new one with 'postern key new' and add it next to the old one."
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
