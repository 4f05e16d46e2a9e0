// SPDX-License-Identifier: Apache-2.0

import PosternServer
import UserAuth
import WireFormats

/// What an operator can do about a credential that is refused.
struct WhoamiAdvice {
    let identities: AuthenticationSetup
    /// What the token says in `iss`; nil where it says nothing.
    let issuer: String?

    func text(for failure: AuthenticationError) -> String {
        switch failure {
        case .authorizationMissing, .authorizationRepeated, .authorizationTooLong, .schemeNotBearer:
            "A request carries one header field 'Authorization: Bearer <token>' of at most 8 KiB."
        case .tokenMalformed:
            "A token is three parts of base64url without padding, with a dot between them: was it cut, or is it an encrypted or opaque one?"
        case .headerMalformed, .claimsMalformed:
            "The part is no JSON object, or a member appears in it twice."
        case .algorithmUnsupported, .algorithmNotAllowed:
            "List the algorithm under 'algorithms' of the issuer if it is one of RS, PS, ES, EdDSA or HS; 'none' never counts."
        case .criticalExtension, .unencodedPayload: "The token uses an extension of RFC 7515 that Postern does not serve."
        case .typeNotAllowed: "'typ' is JWT, at+jwt or absent: an ID token or another kind of token is no access token."
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
            "It was signed with another key than the one that the issuer publishes under this 'kid', or changed on the way."
        case .audienceMissing, .audienceMalformed, .audienceMismatch:
            "Ask the issuer for a token whose 'aud' is one of 'audience' of the rule file."
        case .expirationMissing, .expirationMalformed: "'exp' is required, as a number of seconds since 1970."
        case .expired: "It has ended: get a new one. (60 s of difference between clocks are allowed.)"
        case .notBeforeMalformed, .issuedAtMalformed: "'nbf' and 'iat' are numbers of seconds since 1970."
        case .notYetValid, .issuedInFuture: "It is from the future: compare the clocks of the issuer and of this machine."
        case .lifetimeTooLong: "It lives longer than 'maxLifetime' of the issuer (24h by default)."
        case .userMissing, .userMalformed:
            "The claim that 'user' of the issuer names (sub by default) is a string of 1 to 256 bytes."
        case .tenantMissing, .tenantMalformed: "The claim that 'tenantClaim' of the issuer names is a string of 1 to 256 bytes."
        case .scopesMalformed: "'scope' and 'scp' are strings, or arrays of strings."
        case .apiKeyMalformed: "An API key is \(APIKey.prefix)TENANT.ID.SECRET as 'postern key new' printed it: was it cut?"
        case .apiKeyUnknown: "No rule file declares this key: paste its id and sha256 under 'apiKeys' of its tenant."
        case .apiKeyMismatch: "There is a key of this id, but with another secret: was it rotated?"
        case .apiKeyExpired: "The key has ended: make a new one with 'postern key new' and put it beside the old one."
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
