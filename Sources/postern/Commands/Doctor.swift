// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import ArgumentParser
import Doctor
import OutgoingHTTP
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

/// `postern doctor`: tries the tickets of one tenant on its live buckets.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Try the tickets of a tenant on its live buckets, and say what is wrong and how to mend it.",
        discussion: """
            Looks at credentials, clock, bucket, CORS, versioning and Object Lock. Uploads a small file for each rule by a ticket, as \
            the user 'postern-doctor', compares what the store kept with what was signed, tries what the store must refuse, and \
            removes the files where the credentials may.

            The rights of the signer are enough to prove that uploads work and that wrong ones are refused. Reading back and \
            removing need further rights: give them to another profile, with --reader-profile.

            Exit code 0: nothing is wrong; 1: something is wrong, or the rule files have problems; 64: wrong usage.
            """
    )

    @OptionGroup var folder: RuleFolderOptions

    @Option(help: ArgumentHelp("The tenant whose tickets are tried.", valueName: "id"))
    var tenant: String

    @Option(help: ArgumentHelp("Only this rule. (default: every rule of the tenant)", valueName: "name"))
    var rule: String?

    @Option(
        help: ArgumentHelp(
            "Read settings and files, and remove files, with this profile of the shared AWS files. (default: with what signs)",
            valueName: "name"))
    var readerProfile: String?

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        SignalGuard.setDefaults()
        let environment = ProcessInfo.processInfo.environment
        let file = try folder.usableFiles(for: tenant).file
        let rules = try rules(of: file.tenant)
        let chains: CredentialChains
        let proxies: ProxySettings
        do {
            chains = try CredentialChains(environment: environment)
            proxies = try ProxySettings(environment: environment)
        } catch {
            throw StartupError(error)
        }
        var signers: [Examination.Signer] = []
        for (store, source) in zip(file.tenant.stores, file.credentials) where rules.contains(where: { $0.store === store }) {
            signers.append(await signer(for: store, chains.chain(of: source.resolved(in: environment))))
        }
        var reader: SigningCredentials?
        if let readerProfile {
            do throws(CredentialError) {
                reader = try await chains.chain(of: .profile(readerProfile)).refresh().credentials
            } catch {
                throw ValidationError("--reader-profile: \(error)")
            }
        }
        let authorities = environment["AWS_CA_BUNDLE"].flatMap { $0.isEmpty ? nil : $0 }
        let examination = Examination(
            of: file.tenant, rules: rules, signers: signers, reader: reader, folder: folder.words(),
            file: "\(folder.path.hasSuffix("/") ? folder.path : folder.path + "/")\(tenant).yaml",
            transport: StoreTransport(proxies: proxies, authorities: authorities, now: { Date() }))
        let report = DoctorReport(tenant: tenant, findings: await examination.findings())
        print(json ? report.json : report.text)
        if !report.isFine { throw ExitCode(1) }
    }

    private func rules(of tenant: Tenant) throws -> [UploadRule] {
        guard let rule else { return tenant.rules }
        guard let found = tenant.rules.first(where: { $0.name == rule }) else {
            let names = tenant.rules.map(\.name)
            let hint =
                rule.closestMatch(in: names).map { "did you mean \($0)?" } ?? "there are: \(RuleFolderOptions.list(names))."
            throw ValidationError("--rule: the tenant \(tenant.id) has no rule \(rule.quoted); \(hint)")
        }
        return [found]
    }

    private func signer(for store: Store, _ chain: CredentialChain) async -> Examination.Signer {
        do throws(CredentialError) {
            let provided = try await chain.refresh()
            return Examination.Signer(store: store, provider: provided.provider, credentials: .success(provided.credentials))
        } catch {
            return Examination.Signer(
                store: store, provider: chain.source.description, credentials: .failure(.init(sentence: error.description)))
        }
    }
}
