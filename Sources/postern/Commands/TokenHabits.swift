// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

/// What is particular about a refused token: a habit of its provider, in words that say what to write.
struct TokenHabits {
    let facts: UnverifiedClaims
    /// The entries of the token's issuer, with the tenants whose files have them; nil for the service-wide file.
    let declared: [(issuer: Issuer, tenant: String?)]

    /// - Returns: nil if there is nothing to say beyond the general advice
    func advice(for failure: AuthenticationError) -> String? {
        switch failure {
        case .tokenMalformed: malformed
        case .issuerMissing:
            "It names no issuer: set one where it is made (simplejwt: ISSUER and AUDIENCE), and declare it."
        case .issuerUnknown(let similar): unknownIssuer(similar)
        case .audienceMissing: audienceMissing
        case .audienceMismatch: authorizedParty
        case .authorizedPartyMissing:
            "It has no 'azp', as tokens that a server makes for itself: only tokens of a client have one."
        case .requiredClaimMismatch(let claim): requiredClaim(claim)
        case .userMissing: userMissing
        case .userMalformed: userMalformed
        case .lifetimeTooLong, .tenantMissing: supabaseKey
        case .declarationUnmatched: entries
        case .issuerAmbiguous: entries
        default: nil
        }
    }

    private var malformed: String? {
        switch facts.partCount {
        case 1:
            "It has no dots: it is an opaque token, which only its provider can read. Request a JSON Web Token: at most providers, by naming the audience of an API."
        default: nil
        }
    }

    private func unknownIssuer(_ similar: String?) -> String? {
        let issuer = facts.issuer ?? ""
        if let similar {
            return "Declared is \(similar.quoted), which differs only in the '/' at the end: write issuer: \(issuer.printable())"
        }
        if let key = supabaseKey { return key }
        if issuer.hasPrefix("https://sts.windows.net/") {
            return
                "It is a v1.0 token of Microsoft Entra ID: declare this issuer with its '/' at the end, or set requestedAccessTokenVersion to 2 in the application's manifest."
        }
        if issuer.hasPrefix("https://login.microsoftonline.com/") {
            return
                "It is of a directory of Microsoft Entra ID: declare its issuer, or, for many directories, service-wide https://login.microsoftonline.com/{tid}/v2.0 with the directories as aliases."
        }
        return nil
    }

    private var audienceMissing: String? {
        if let claim = declared.first?.issuer.audienceClaim, claim != "aud", let audience = facts.text(of: ClaimPath("aud")) {
            let use = facts.text(of: ClaimPath("token_use")).map { ", claims: {token_use: \($0)}" } ?? ""
            return
                "It has no '\(claim)', but 'aud', as ID tokens have: send the access token, or write audience: [\(audience)]\(use) without audienceClaim."
        }
        if let client = facts.text(of: ClaimPath("client_id")) {
            let use = facts.text(of: ClaimPath("token_use")).map { ", claims: {token_use: \($0)}" } ?? ""
            return
                "It has no 'aud', but 'client_id', as Cognito's access tokens: write audienceClaim: client_id, audience: [\(client)]\(use)"
        }
        if let authorizedParty { return authorizedParty }
        return supabaseKey
            ?? "It has no 'aud': request the token for an API of your own, or add the audience where the provider makes the token (WorkOS: a JWT template; Keycloak: an audience mapper)."
    }

    private var authorizedParty: String? {
        facts.text(of: ClaimPath("azp")).map { party in
            "It has 'azp': if the client is the one that may upload, write authorizedParties: [\(party)] instead of audience."
        }
    }

    private func requiredClaim(_ claim: String) -> String? {
        let wanted = declared.flatMap { $0.issuer.requiredClaims }.first { $0.name == claim }?.value
        guard let wanted, let value = facts.typedValue(of: ClaimPath(claim)) else { return nil }
        return "The entry requires \(wanted), and '\(claim)' is \(value) in the token."
    }

    private var userMissing: String? {
        if let key = supabaseKey { return key }
        guard let claim = declared.first?.issuer.userClaim, claim != ClaimPath("sub"), facts.text(of: ClaimPath("sub")) != nil
        else { return nil }
        return "The token has no \(claim.description), but 'sub': is 'user' of the issuer right?"
    }

    private var userMalformed: String? {
        guard let claim = declared.first?.issuer.userClaim, let value = facts.typedValue(of: claim) else { return nil }
        return
            "\(claim.description) is \(value): have the issuer write it as text of 1 to 256 bytes, since a number can be written in several ways."
    }

    /// The keys of a Supabase project are tokens too.
    private var supabaseKey: String? {
        guard let role = facts.text(of: ClaimPath("role")), ["anon", "service_role"].contains(role), !facts.has(ClaimPath("sub"))
        else { return nil }
        return "It is the \(role) key of a Supabase project, which is no user's: send the access_token of the user's session."
    }

    /// Why each entry of the issuer takes the token or does not.
    private var entries: String? {
        guard declared.count > 1 else { return nil }
        var lines = declared.prefix(Self.maximumEntries).map { entry in
            let place = entry.tenant.map { "of the tenant \($0)" } ?? "service-wide"
            let failure = facts.failure(of: entry.issuer)?.reason ?? "fits"
            return "  entry \(Self.name(of: entry.issuer)) \(place): \(failure)"
        }
        if declared.count > lines.count { lines.append("  and \(declared.count - lines.count) more") }
        return "The entries of the issuer:\n" + lines.joined(separator: "\n")
    }

    /// A provider may have entries in thousands of files.
    private static let maximumEntries = 20

    /// The name of an entry; without one, what tells it from the others of its issuer.
    private static func name(of issuer: Issuer) -> String {
        if let name = issuer.name { return name }
        var parts: [String] = []
        if !issuer.audiences.isEmpty { parts.append("\(issuer.audienceClaim) \(issuer.audiences.joined(separator: " "))") }
        if !issuer.authorizedParties.isEmpty { parts.append("azp \(issuer.authorizedParties.joined(separator: " "))") }
        parts += issuer.requiredClaims.map { "\($0.name) \($0.value)" }
        parts.append(issuer.algorithms.map(\.rawValue).joined(separator: " "))
        return "(\(parts.joined(separator: ", ").printableASCII(maximumLength: 200)))"
    }
}
