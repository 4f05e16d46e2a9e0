// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import ArgumentParser
import PosternServer
import RuleFiles
import UploadRules

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `postern credentials`: what signs, and until when.
struct Credentials: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell which AWS credentials would sign, and until when.",
        discussion: """
            Asks each source that the rule files name, or, without rule files, AWS's own chain: environment, the profile of the \
            shared files (with a web identity of the environment before the profile's keys), container, instance metadata. Tells which provider answered, when its credentials \
            end, and whose they are (STS GetCallerIdentity, where it can be reached). Never prints a secret.

            Exit code 0: every source gives credentials; 1: one does not.
            """
    )

    @OptionGroup var files: RuleFileOptions

    @Option(help: ArgumentHelp("Ask this profile of the shared AWS files instead.", valueName: "name"))
    var profile: String?

    @Flag(help: "Do not ask STS whose the credentials are.")
    var offline = false

    @Flag(help: "Answer in JSON.")
    var json = false

    func validate() throws {
        if profile != nil, files.tenants != nil { throw ValidationError("Give --profile or --tenants, not both.") }
    }

    func run() async throws {
        SignalGuard.setDefaults()
        let environment = ProcessInfo.processInfo.environment
        let sources = try sources(environment)
        let chains = CredentialChains(environment: environment)
        var findings: [CredentialFinding] = []
        for source in sources {
            findings.append(await CredentialFinding(source, chains.chain(of: source.origin), asksSTS: !offline))
        }
        let report = CredentialReport(findings: findings)
        print(json ? report.json : report.text)
        if findings.contains(where: { $0.problem != nil }) { throw ExitCode(1) }
    }

    /// What to ask: each origin once, with the tenants that it signs for.
    private func sources(_ environment: [String: String]) throws -> [CredentialFinding.Source] {
        if let profile { return [.init(origin: .profile(profile), tenants: [], region: nil)] }
        let namesNone = [files.tenants, files.config, environment["POSTERN_TENANTS"], environment["POSTERN_CONFIG"]].allSatisfy {
            $0?.isEmpty ?? true
        }
        if namesNone { return [.init(origin: .standard, tenants: [], region: nil)] }
        do {
            let options = try files.serving()
            let settings = try SettingsResolver(options: options, environment: environment).settings()
            let book = try RuleBook.load(settings).book
            var sources: [CredentialFinding.Source] = []
            for file in book.files {
                let origin = file.credentials.resolved(in: environment)
                let tenant = file.tenant
                if let known = sources.firstIndex(where: { $0.origin == origin }) {
                    sources[known].tenants.append(tenant.id)
                } else {
                    sources.append(.init(origin: origin, tenants: [tenant.id], region: tenant.store.region))
                }
            }
            return sources
        } catch let error as SetupError {
            throw StartupError(error)
        }
    }
}
