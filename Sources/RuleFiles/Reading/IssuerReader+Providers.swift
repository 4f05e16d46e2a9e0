// SPDX-License-Identifier: Apache-2.0

import UserAuth
import WireFormats

// What is possible and wrong for tokens of known providers, or lets their users choose who they are.
extension IssuerReader {
    /// The claims that anyone's directory can set for its users. A directory that a provider lets anyone make could name another
    /// directory's user.
    private static let directoryClaims = ["email", "upn", "preferred_username", "unique_name", "name"]
    /// The claims that users can change at many providers.
    private static let editableClaims = directoryClaims + ["nickname", "given_name", "family_name"]
    /// Objects that users can change: Supabase's and Auth0's, and Clerk's.
    private static let editableObjects = ["user_metadata", "unsafe_metadata"]

    /// Requires, for an issuer with a placeholder, a user claim that directories cannot choose.
    func check(_ user: Located<ClaimPath>?, of pattern: Located<IssuerPattern>, log: DiagnosticLog) {
        guard pattern.value.template != nil, let user, let last = user.value.names.last else { return }
        guard Self.directoryClaims.contains(where: { $0.hasSameBytes(as: last) }) else { return }
        log.problem(
            at: user.position,
            "every directory can give its users any \(last.quoted), also that of another directory's user",
            "name the user by a claim that the provider assigns: user: oid, or sub"
        )
    }

    func warnOfEditable(
        _ user: Located<ClaimPath>?,
        _ tenant: Located<ClaimPath>?,
        _ attributes: [Located<Issuer.Attribute>],
        of pattern: IssuerPattern,
        _ required: [RequiredClaim],
        log: DiagnosticLog
    ) {
        if let user, pattern.template == nil, Self.isEditable(user.value, required) {
            log.warning(
                at: user.position,
                "at many providers users can change \(user.value.description.quoted) themselves, and then upload as someone else",
                "name the user by a claim that never changes: sub"
            )
        }
        if let tenant, Self.isEditable(tenant.value, required) {
            log.warning(
                at: tenant.position,
                "at many providers users can change \(tenant.value.description.quoted) themselves, and then upload for another tenant",
                "name the tenant by a claim that only the provider sets"
            )
        }
        for attribute in attributes where Self.isEditable(attribute.value.claim, required) {
            log.warning(
                at: attribute.position,
                "at many providers users can change \(attribute.value.claim.description.quoted) themselves, and with it the folder "
                    + "that {claim.\(attribute.value.name)} is",
                "use a claim that only the provider sets"
            )
        }
    }

    /// - Parameter required: an address that was verified is the user's
    private static func isEditable(_ claim: ClaimPath, _ required: [RequiredClaim]) -> Bool {
        if claim.names.contains(where: { name in editableObjects.contains { $0.hasSameBytes(as: name) } }) { return true }
        guard claim.rest.isEmpty, editableClaims.contains(where: { $0.hasSameBytes(as: claim.first) }) else { return false }
        let isVerified = required.contains { claim in
            claim.name == "email_verified" && [.bool(true), .string("true")].contains(claim.value)
        }
        return !(claim.first == "email" && isVerified)
    }

    func warn(about pattern: Located<IssuerPattern>, keys: Located<KeySource>?, log: DiagnosticLog) {
        guard pattern.value.template == nil, let url = try? HTTPURL(pattern.value.text) else { return }
        let host = url.host.text.lowercased()
        if host.hasSuffix(".auth0.com"), url.path.isEmpty {
            log.warning(
                at: pattern.position,
                "the issuer of Auth0's tokens ends in “/”",
                "write \(pattern.value.text)/"
            )
        }
        let segments = url.path.split(separator: "/", omittingEmptySubsequences: false)
        guard
            Self.entraHosts.contains(host), segments.count > 1,
            ["common", "organizations", "consumers"].contains(segments[1])
        else { return }
        let origin = "https://\(url.host.text)"
        log.warning(
            at: pattern.position,
            "no token has this issuer: Entra ID writes the id of the user's directory instead of “\(segments[1])”",
            "write that id, or, for many directories, a service-wide issuer: "
                + "\(([origin, "{tid}"] + segments.dropFirst(2).map(String.init)).joined(separator: "/"))"
        )
        if let keys, case .remote(.discovery) = keys.value {
            log.warning(
                at: keys.position,
                "the discovery document there names another issuer, so its keys are refused",
                "write keys: {jwks: \"\(origin)/common/discovery/v2.0/keys\"}"
            )
        }
    }

    /// Microsoft Entra ID in its clouds; the last is that of v1.0 tokens.
    private static let entraHosts = [
        "login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "sts.windows.net",
    ]
}
