// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern whoami`: who a token or an API key would be accepted as, or which check fails.
struct Whoami: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show who a token or an API key would be accepted as, or which check fails.",
        discussion: """
            Reads the token or API key from standard input and checks it as 'serve' would with the same rule files: lists every \
            check in order, which one failed, and what to do. Fetches keys from the network if the files say so. Prints neither \
            the token's signature nor the key's secret.

            With --audit-id it reads users from standard input instead, one a line, and shows the one whom an audit log with \
            'auditUsers: hash' calls by that id. What it shows of a token has the id of its user, too.

            Example: pbpaste | postern whoami --tenants tenants

            Exit code 0: it would be accepted; 1: it would be refused.
            """
    )

    /// Any number of words, so that no part of a token is printed as an "unexpected argument".
    @Argument(
        help: ArgumentHelp(
            "The token or API key itself. Standard input is safer: other users of this machine can see command lines.",
            valueName: "token"))
    var credential: [String] = []

    @OptionGroup var files: RuleFileOptions

    @Option(help: ArgumentHelp("Read the token or API key from this file.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("Find the user with this id in the audit log, among users on standard input.", valueName: "id"))
    var auditID: String?

    @Option(
        help: ArgumentHelp(
            "With --audit-id: the user's issuer, as in the line of the audit log, if the rules name it with a placeholder.",
            valueName: "iss"))
    var issuer: String?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let auditID, !AuditUserSearch.isID(auditID) {
            throw ValidationError("\(auditID.quoted) is no id of a user: an id has 32 hexadecimal digits.")
        }
        if issuer != nil, auditID == nil { throw ValidationError("--issuer is for --audit-id.") }
    }

    func run() async throws {
        let settings: ServiceSettings
        let identities: AuthenticationSetup
        do {
            settings = try SettingsResolver(flags: files.flags, environment: ProcessInfo.processInfo.environment).settings()
            identities = try await AuthenticationSetup.load(settings)
        } catch let error as SetupError {
            throw StartupError(error)
        }
        let users: AuditUsers
        do throws(SetupError) {
            users = try AuditUsers.load(settings)
        } catch {
            throw StartupError(error)
        }
        if let auditID { return try findUser(auditID, users, identities) }
        let credential = try CredentialInput.read(words: credential, file: tokenFile)
        let now = Date()
        let judgement = identities.authenticator.report(authorization: ["Bearer \(credential)"], at: now)
        let report = WhoamiReport(
            facts: UnverifiedClaims(credential, at: now, issuers: identities.issuers.all.map(\.issuer)),
            judgement: judgement,
            identities: identities,
            users: users
        )
        print(json ? report.json : report.text)
        if !report.isAccepted { throw ExitCode(1) }
    }

    private func findUser(_ id: String, _ users: AuditUsers, _ identities: AuthenticationSetup) throws {
        guard case .hash = users else {
            throw ValidationError("--audit-id needs the settings auditUsers: hash and auditUserKey in the file of --config.")
        }
        guard credential.isEmpty, tokenFile == nil else {
            throw ValidationError("With --audit-id, give users on standard input.")
        }
        let bytes = StandardStream.read(StandardStream.input, atMost: AuditUserSearch.limit + 1) ?? []
        guard bytes.count <= AuditUserSearch.limit else {
            throw ValidationError("The input is over \(AuditUserSearch.limit) bytes: give fewer users at a time.")
        }
        let issuers = issuer.map { [$0] } ?? Set(identities.issuers.all.map(\.issuer.identifier)).sorted()
        // A byte order mark begins files of some editors.
        let text = String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...], as: UTF8.self)
        let names = text.split(whereSeparator: \.isNewline)
        let found = AuditUserSearch(users: users, issuers: issuers).user(with: id, among: names)
        if json {
            let json = JSONWriter.object { json in
                json.member("user", found?.name)
                json.member("issuer", found?.issuer)
            }
            print(String(decoding: json, as: UTF8.self))
        } else if let found {
            print("\(found.name.printable()), \(found.issuer.map { "of \($0)" } ?? "named by an API key")")
        } else {
            print("None of \(names.count) users has this id.")
            if issuer == nil {
                print("If the rules name the users' issuer with a placeholder, give the issuer of the line by --issuer.")
            }
        }
        if found == nil { throw ExitCode(1) }
    }
}

/// What `postern whoami` prints.
struct WhoamiReport {
    /// One check with its verdict.
    struct Line {
        let check: String
        let verdict: AuthenticationReport.Verdict
    }

    let facts: UnverifiedClaims
    let lines: [Line]
    /// Who it would be accepted as; nil where it would be refused.
    let principal: Principal?
    /// The id of the tenant that accepts it; nil if none does.
    let tenant: String?
    /// The rules that it can use.
    let rules: [String]
    /// The tenant's other rules, with the reasons.
    let otherRules: [(name: String, reason: String)]
    /// Why it would be refused, as `/metrics` and the log name it.
    let reason: String?
    /// What to do about it.
    let advice: String?
    /// How the audit log names users.
    let users: AuditUsers

    var isAccepted: Bool { reason == nil }

    init(
        facts: UnverifiedClaims, judgement: AuthenticationReport, identities: AuthenticationSetup, users: AuditUsers = .plain
    ) {
        self.facts = facts
        self.users = users
        var lines = judgement.steps.map { Line(check: $0.check.rawValue, verdict: $0.verdict) }
        let tenantCheck = "the tenant is set up here"
        let accessCheck = "the tenant does not refuse it"
        switch judgement.outcome {
        case .failure(let failure):
            principal = nil
            tenant = nil
            rules = []
            otherRules = []
            reason = failure.reason
            let general = WhoamiAdvice(identities: identities, issuer: facts.issuer).text(for: failure)
            let declared = identities.issuers.all.filter { $0.issuer.pattern.matches(facts.issuer ?? "") }
            let particular = TokenHabits(facts: facts, declared: declared.map { ($0.issuer, $0.tenant) }).advice(for: failure)
            advice = [general, particular].compactMap(\.self).joined(separator: "\n")
            lines += [tenantCheck, accessCheck].map { Line(check: $0, verdict: .notReached) }
        case .success(let principal):
            self.principal = principal
            let tenant = identities.tenant(of: principal)
            self.tenant = tenant?.id
            lines.append(Line(check: tenantCheck, verdict: tenant == nil ? .failed : .passed))
            let others = tenant.map { principal.unusableRules(of: $0) } ?? []
            let unusable = Set(others.map(\.name))
            otherRules = others
            rules = tenant?.rules.map(\.name).filter { !unusable.contains($0) } ?? []
            let whoamiAdvice = WhoamiAdvice(identities: identities, issuer: facts.issuer)
            guard let tenant else {
                lines.append(Line(check: accessCheck, verdict: .notReached))
                reason = "tenant-unknown"
                advice = whoamiAdvice.text(forUnknownTenantOf: principal)
                break
            }
            let refusal = whoamiAdvice.refusal(of: principal, by: tenant)
            reason = refusal?.reason
            advice = refusal?.advice
            lines.append(Line(check: accessCheck, verdict: refusal == nil ? .passed : .failed))
        }
        self.lines = lines
    }
}

extension WhoamiReport {
    /// For people.
    var text: String {
        var lines = ["What the token says, not verified:"]
        lines += table(facts.facts.map { ($0.name, $0.value) })
        lines += ["", "The checks:"]
        for line in self.lines { lines.append("  \(Self.mark(line.verdict))  \(line.check)") }
        lines.append("")
        if let principal, isAccepted {
            lines.append("It would be accepted as:")
            let scopes = principal.scopes.isEmpty ? nil : principal.scopes.joined(separator: " ")
            var rows =
                identity(principal) + [("scopes", scopes), ("rules", rules.isEmpty ? "none" : rules.joined(separator: " "))]
            for (name, reason) in otherRules { rows.append(("not \(name)", reason)) }
            lines += table(rows.map { ($0.name, $0.value?.printableASCII(maximumLength: 300) ?? "–") })
        } else {
            lines.append("It would be refused: \(reason ?? "")")
            if let advice { lines.append(advice) }
        }
        return lines.joined(separator: "\n")
    }

    /// `{"letIn", "reason", "advice", "facts": {…}, "checks": [{"check", "verdict"}], "identity": {…} | null}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("letIn", isAccepted)
            json.member("reason", reason)
            json.member("advice", advice)
            json.object("facts") { json in
                for (name, value) in facts.facts { json.member(name, value) }
            }
            json.array("checks", of: lines) { json, line in
                json.object { json in
                    json.member("check", line.check)
                    json.member("verdict", line.verdict == .notReached ? "not reached" : line.verdict.rawValue)
                }
            }
            json.key("identity")
            if let principal {
                json.object { json in
                    for (name, value) in identity(principal) { json.member(name, value) }
                    json.member("scopes", principal.scopes)
                    json.member("rules", rules)
                    json.object("otherRules") { json in
                        for (name, reason) in otherRules { json.member(name, reason) }
                    }
                }
            } else {
                json.null()
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func identity(_ principal: Principal) -> [(name: String, value: String?)] {
        var identity: [(name: String, value: String?)] = [("tenant", tenant ?? principal.tenant), ("user", principal.user)]
        switch principal.source {
        case .token(let token):
            identity += [("issuer", token.issuer.identifier), ("keyId", token.keyID)]
            if let id = principal.user.flatMap({ users.id(of: $0, issuer: token.issuer.identifier) }) {
                identity.append(("auditId", id))
            }
            if let name = token.issuerName { identity.append(("issuerName", name)) }
            for attribute in token.attributes { identity.append(("claim.\(attribute.name)", attribute.value)) }
        case .apiKey(let key):
            identity.append(("apiKey", key.id))
            if let issuer = key.issuer { identity.append(("issuerName", issuer)) }
            if let users = key.allowUsers { identity.append(("allowUsers", users.joined(separator: " "))) }
        }
        identity.append(("expiresAt", principal.expires?.rfc3339))
        return identity
    }

    private func table(_ rows: [(name: String, value: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" }
    }

    private static func mark(_ verdict: AuthenticationReport.Verdict) -> String {
        switch verdict {
        case .passed: "passed     "
        case .failed: "FAILED     "
        case .notReached: "not reached"
        }
    }
}
