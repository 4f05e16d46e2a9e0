// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Who asks for a ticket.
struct CallerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The issuer of the token, by its name or 'iss'. (default: the tenant's only one)", valueName: "issuer"))
    var issuer: String?

    @Option(help: ArgumentHelp("A claim of the token, by its name in {claim.NAME}; may be repeated.", valueName: "name=value"))
    var claim: [String] = []

    @Option(help: ArgumentHelp("A scope of the token; may be repeated.", valueName: "scope"))
    var scope: [String] = []

    @Option(help: ArgumentHelp("Ask with the API key of this id, and not with a token.", valueName: "id"))
    var apiKey: String?

    func validate(user: String?) throws {
        if apiKey != nil {
            guard issuer == nil, claim.isEmpty, scope.isEmpty else {
                throw ValidationError("With --api-key there is no token: leave --issuer, --claim and --scope out.")
            }
        } else if user == nil {
            throw ValidationError("Give --user, whose token asks, or --api-key ID.")
        }
    }

    /// Finds the caller in the files.
    /// - Throws: `ValidationError` if there is no such issuer, claim or API key
    func caller(user: String?, _ file: TenantFile, serviceIssuers: [Issuer]) throws -> ExplainedCaller {
        if let apiKey {
            let keys = file.apiKeys
            guard let key = keys.first(where: { $0.id.hasSameBytes(as: apiKey) }) else {
                throw Self.unknown("--api-key", "API key", apiKey, in: keys.map(\.id), file)
            }
            return .apiKey(key, user: user)
        }
        let all =
            file.issuers.map { DeclaredIssuer(issuer: $0, owner: file.tenant.id) }
            + serviceIssuers.map { DeclaredIssuer(issuer: $0, owner: nil) }
        let declared = try issuer.map { try find($0, among: all, file) } ?? only(among: all, file)
        let claimed = file.tenantClaim(for: declared.issuer.name)
        var token = AssumedToken(
            issuer: try identifier(of: declared.issuer, tenantClaim: claimed), user: user ?? "", tenant: claimed, scopes: scope)
        let names = declared.issuer.attributes.map(\.name)
        for pair in try NameAndValue.all(claim, "--claim") {
            guard names.contains(where: { $0.hasSameBytes(as: pair.name) }) else {
                let hint = pair.name.closestMatch(in: names).map { "did you mean \($0)?" }
                throw ValidationError(
                    "--claim: the issuer \(declared.title) has no attribute \(pair.name.quoted); "
                        + (hint
                            ?? (names.isEmpty
                                ? "it declares none under attributes." : "there are: \(RuleFolderOptions.list(names))."))
                )
            }
            token.attributes.append((pair.name, pair.value))
        }
        return .token(token, declared)
    }

    /// The issuers whose tokens count for the tenant, if there is only one.
    private func only(among all: [DeclaredIssuer], _ file: TenantFile) throws -> DeclaredIssuer {
        let accepted = all.filter { $0.owner != nil || file.serviceIssuers.accept($0.issuer.name) }
        guard let first = accepted.first else {
            throw ValidationError(
                "No issuer signs tokens for the tenant \(file.tenant.id): give --api-key. There are: \(Self.list(file.apiKeys.map(\.id)))."
            )
        }
        guard accepted.count == 1 else {
            throw ValidationError(
                "The tenant \(file.tenant.id) has several issuers: name one with --issuer: \(Self.list(accepted.map(\.title))).")
        }
        return first
    }

    private func find(_ text: String, among all: [DeclaredIssuer], _ file: TenantFile) throws -> DeclaredIssuer {
        let found = all.filter { declared in
            declared.issuer.name?.hasSameBytes(as: text) ?? false || declared.issuer.pattern.matches(text)
                || declared.issuer.identifier.hasSameBytes(as: text)
        }
        guard let first = found.first else {
            throw Self.unknown(
                "--issuer", "issuer", text, in: all.compactMap(\.issuer.name) + all.map(\.issuer.identifier), file)
        }
        let names = found.compactMap(\.issuer.name)
        if found.count > 1, Set(names).count > 1 {
            throw ValidationError("--issuer: several entries declare \(text.quoted): write the name of one: \(Self.list(names)).")
        }
        if found.count > 1 {
            Remark.write(
                "several entries declare the issuer \(text.quoted), and the first is used: give them names to tell them apart")
        }
        return first
    }

    /// The `iss` of a token.
    private func identifier(of declared: Issuer, tenantClaim: String) throws -> String {
        guard let template = declared.pattern.template else { return declared.identifier }
        if let issuer, declared.pattern.matches(issuer) { return issuer }
        let own = template.beginning + tenantClaim + template.end
        guard declared.tenantClaim == ClaimPath(template.claim), declared.pattern.matches(own) else {
            throw ValidationError(
                "--issuer: \(declared.identifier.printable()) stands for many: write a whole one, with a value for {\(template.claim.printable())}."
            )
        }
        return own
    }

    private static func unknown(
        _ option: String, _ what: String, _ text: String, in names: [String], _ file: TenantFile
    ) -> ValidationError {
        let hint = text.closestMatch(in: names).map { "did you mean \($0.printable())?" } ?? "there are: \(list(names))."
        return ValidationError("\(option): the tenant \(file.tenant.id) has no \(what) \(text.quoted); \(hint)")
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : RuleFolderOptions.list(names) }
}

/// An issuer, and whose file declares it.
struct DeclaredIssuer {
    let issuer: Issuer
    /// The tenant; nil for the service-wide file.
    let owner: String?

    /// The name, or the `iss` for an issuer without one.
    var title: String { (issuer.name ?? issuer.identifier).printable() }
}

/// A caller as the options describe it.
enum ExplainedCaller {
    case token(AssumedToken, DeclaredIssuer)
    case apiKey(APIKeyRecord, user: String?)

    /// The user of the token, or whom the request of an API key names.
    var user: String? {
        switch self {
        case .token(let token, _): token.user
        case .apiKey(_, let user): user
        }
    }

    /// The caller after authentication.
    /// - Throws: `AuthenticationError`, `ValidationError` if no token can be as the options say
    func principal(at now: Date) throws -> Principal {
        switch self {
        case .apiKey(let key, _): return try UnsignedTokenVerifier.owner(of: key, at: now)
        case .token(let token, let declared):
            do throws(AssumedToken.ClaimsError) {
                return try token.principal(of: declared.issuer, owner: declared.owner, at: now)
            } catch {
                switch error {
                case .refused(let error): throw error
                case .contradiction(let claim):
                    throw ValidationError(
                        "--claim: the issuer \(declared.title) takes two of these values from the claim \(claim.quoted): they must be the same."
                    )
                }
            }
        }
    }
}
