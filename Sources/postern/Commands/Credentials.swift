// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import ArgumentParser
import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern credentials`: which AWS credentials would sign, and until when.
struct Credentials: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show which AWS credentials would sign, and until when.",
        discussion: """
            Asks each source that the rule files name, or, without rule files, AWS's own chain: environment, the profile of the \
            shared files (with a web identity of the environment before the profile's keys), container, instance metadata. Shows which \
            provider answered, when its credentials expire, and which identity they have (STS GetCallerIdentity, if it can be \
            reached; not for credentials of stores with an endpoint of their own). Never prints a secret.

            Exit code 0: every source has credentials; 1: one has none.
            """
    )

    @OptionGroup var files: RuleFileOptions

    @Option(help: ArgumentHelp("Ask this profile of the shared AWS files instead.", valueName: "name"))
    var profile: String?

    @Flag(name: .customLong("no-identity"), help: "Do not ask STS which identity the credentials have.")
    var asksNoIdentity = false

    @Flag(help: .hidden)
    var offline = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if profile != nil, files.tenants != nil { throw ValidationError("Give --profile or --tenants, not both.") }
    }

    func run() async throws {
        SignalGuard.setDefaults()
        let environment = ProcessInfo.processInfo.environment
        let sources = try sources(environment)
        let chains = try chains(environment)
        var findings: [CredentialFinding] = []
        for source in sources {
            findings.append(
                await CredentialFinding(
                    source, chains.chain(of: source.origin), asksSTS: !asksNoIdentity && !offline && source.isAWS))
        }
        let report = CredentialReport(findings: findings)
        print(json ? report.json : report.text)
        if findings.contains(where: { $0.problem != nil }) { throw ExitCode(1) }
    }

    private func chains(_ environment: [String: String]) throws -> CredentialChains {
        do throws(SetupError) {
            return try CredentialChains(environment: environment)
        } catch {
            throw StartupError(error)
        }
    }

    /// Each source once, with the stores that it signs for.
    private func sources(_ environment: [String: String]) throws -> [CredentialFinding.Source] {
        if let profile { return [.init(origin: .profile(profile))] }
        let hasNoFiles = [files.tenants, files.config, environment["POSTERN_TENANTS"], environment["POSTERN_CONFIG"]].allSatisfy {
            $0?.isEmpty ?? true
        }
        if hasNoFiles { return [.init(origin: .standard)] }
        do {
            let settings = try SettingsResolver(flags: files.flags, environment: environment).settings()
            // Without a service-wide file its issuers are not known, and nothing here depends on them.
            let isKnown = !(files.config ?? environment["POSTERN_CONFIG"] ?? "").isEmpty
            let book = try RuleBook.load(settings.tenants, service: isKnown ? settings : nil).book
            var sources: [CredentialFinding.Source] = []
            for file in book.files {
                for (store, source) in zip(file.tenant.stores, file.credentials) {
                    let origin = source.resolved(in: environment)
                    let user = CredentialFinding.User(tenant: file.tenant.id, store: store.name)
                    let known = sources.firstIndex { $0.origin == origin }
                    if known == nil { sources.append(.init(origin: origin)) }
                    sources[known ?? sources.endIndex - 1].add(user, of: store)
                }
            }
            return sources
        } catch let error as SetupError {
            throw StartupError(error)
        }
    }
}

/// What one source of credentials answered.
struct CredentialFinding {
    /// A store that a source signs for.
    struct User {
        let tenant: String
        /// The name under `stores`; nil for `store`.
        let store: String?

        /// `acme`, or `acme/archive` for one of `stores`.
        var text: String { store.map { "\(tenant)/\($0)" } ?? tenant }
    }

    /// A source, and the stores that use it.
    struct Source {
        let origin: CredentialSource
        /// The stores that it signs for; empty if no rule file was read.
        private(set) var users: [User]
        /// The tenants of these stores, each once.
        var tenants: [String] { users.reduce(into: []) { if $0.last != $1.tenant { $0.append($1.tenant) } } }
        /// The region of a store on AWS, for STS where nothing else names one.
        private(set) var region: String?

        init(origin: CredentialSource, users: [User] = [], region: String? = nil) {
            self.origin = origin
            self.users = users
            self.region = region
        }

        /// Whether it may have keys of AWS: it signs for a store there, or it is not known for which ones.
        var isAWS: Bool { users.isEmpty || region != nil }

        mutating func add(_ user: User, of store: Store) {
            users.append(user)
            if region == nil, store.endpoint.identity.isAWS { region = store.region }
        }
    }

    let source: Source
    /// Which providers were asked, and their outcomes.
    let trace: [CredentialChain.Step]
    let provider: String?
    let accessKeyID: String?
    let isTemporary: Bool
    let expiration: Date?
    let identity: CallerIdentity?
    /// Why the identity of the credentials is not known.
    let identityProblem: String?
    /// Why there are no credentials.
    let problem: String?

    /// Asks the source, and STS for the identity, each with a time limit.
    init(_ source: Source, _ chain: CredentialChain, asksSTS: Bool) async {
        self.source = source
        var provided: ProvidedCredentials?
        var problem: String?
        var identity: CallerIdentity?
        var identityProblem: String?
        do throws(CredentialError) {
            provided = try await chain.refresh()
        } catch {
            problem = error.description
        }
        if let credentials = provided?.credentials, asksSTS {
            do throws(CredentialError) {
                identity = try await chain.callerIdentity(of: credentials, region: source.region)
            } catch {
                identityProblem = error.description
            }
        }
        trace = chain.lastSearch
        provider = provided?.provider
        accessKeyID = provided?.credentials.accessKeyID
        isTemporary = provided?.credentials.sessionToken != nil
        expiration = provided?.credentials.expiration
        self.identity = identity
        self.identityProblem = identityProblem
        self.problem = problem
    }
}

/// What `postern credentials` prints.
struct CredentialReport {
    let findings: [CredentialFinding]

    /// Text for people: a paragraph for each source.
    var text: String {
        findings.map(paragraph).joined(separator: "\n\n")
    }

    private func paragraph(_ finding: CredentialFinding) -> String {
        var head = "\(finding.source.origin)"
        if !finding.source.users.isEmpty { head += " (signs for \(finding.source.users.map(\.text).joined(separator: ", ")))" }
        var rows: [(name: String, value: String)] = finding.trace.map { ("asked", "\($0.provider): \($0.outcome)") }
        if let problem = finding.problem { rows.append(("PROBLEM", problem)) }
        if let provider = finding.provider { rows.append(("provider", provider)) }
        if let key = finding.accessKeyID { rows.append(("access key id", key + (finding.isTemporary ? " (temporary)" : ""))) }
        if finding.provider != nil { rows.append(("expires", end(finding))) }
        if let identity = finding.identity {
            rows += [("identity", identity.arn), ("account", identity.account), ("user id", identity.userID)]
        }
        if let problem = finding.identityProblem { rows.append(("identity", "not known: \(problem)")) }
        let width = rows.map(\.name.count).max() ?? 0
        return ([head] + rows.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" })
            .joined(separator: "\n")
    }

    private func end(_ finding: CredentialFinding) -> String {
        guard let end = finding.expiration else {
            return finding.isTemporary ? "not given by the provider" : "never: these are long-term credentials"
        }
        let minutes = Int(end.timeIntervalSinceNow / 60)
        return "\(end.rfc3339) (in \(minutes) min)"
    }

    /// `{"ok", "sources": [{"source", "tenants", "stores", "provider", "accessKeyId", "temporary", "expiresAt", "identity", "identityProblem",
    /// "problem", "asked": [{"provider", "outcome"}]}]}`
    var json: String {
        let json = JSONWriter.object { json in
            json.member("ok", findings.allSatisfy { $0.problem == nil })
            json.array("sources", of: findings) { write($1, to: &$0) }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private func write(_ finding: CredentialFinding, to json: inout JSONWriter) {
        json.object { json in
            json.member("source", finding.source.origin.description)
            json.member("tenants", finding.source.tenants)
            json.member("stores", finding.source.users.map(\.text))
            json.member("provider", finding.provider)
            json.member("accessKeyId", finding.accessKeyID)
            json.member("temporary", finding.isTemporary)
            json.member("expiresAt", finding.expiration?.rfc3339)
            json.key("identity")
            if let identity = finding.identity {
                json.object { json in
                    json.member("account", identity.account)
                    json.member("arn", identity.arn)
                    json.member("userId", identity.userID)
                }
            } else {
                json.null()
            }
            json.member("identityProblem", finding.identityProblem)
            json.member("problem", finding.problem)
            json.array("asked", of: finding.trace) { json, step in
                json.object { json in
                    json.member("provider", step.provider)
                    json.member("outcome", step.outcome)
                }
            }
        }
    }
}
