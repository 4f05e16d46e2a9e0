// SPDX-License-Identifier: Apache-2.0
import AWSCredentials
import TenantRules
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ServiceState {
    /// Reads rules, keys and credentials, and lists everything that is wrong with any of them.
    /// - Returns: the state and the warnings of rule and key files
    /// - Throws: `SetupProblems`
    package static func load(_ settings: ServiceSettings) async throws -> (state: ServiceState, warnings: [String]) {
        let outcome = RuleLoader.load(folder: settings.tenantsFolder, generation: 1, service: settings.service)
        let book: RuleBook
        switch outcome.result {
        case .success(let loaded): book = loaded
        case .failure(let problems): throw SetupProblems(problems.problems.map(\.description))
        }
        let assembly = await IssuerAssembly(of: book, service: settings.service)
        var problems = assembly.problems
        let credentials = credentials(of: book, settings: settings, problems: &problems)
        guard problems.isEmpty else { throw SetupProblems(problems) }
        let authenticator = Authenticator(issuers: assembly.issuers, apiKeys: IssuerAssembly.apiKeys(of: book))
        let state = ServiceState(ServiceSnapshot(book: book, authenticator: authenticator), credentials: credentials)
        return (state, outcome.warnings.map(\.description) + assembly.warnings)
    }

    private static func credentials(of book: RuleBook, settings: ServiceSettings, problems: inout [String]) -> CredentialStore {
        var origins: Set<CredentialOrigin> = []
        for tenant in book.tenants {
            if let origin = tenant.store.credentials.origin {
                origins.insert(origin)
            } else {
                problems.append("tenant \(tenant.id): these 'credentials' are not served yet; write 'default' or 'env: PREFIX'")
            }
        }
        let store = CredentialStore(origins: origins, environment: settings.environment)
        for (_, problem) in store.problems(at: Date()) { problems.append(problem.description) }
        return store
    }
}

extension CredentialSource {
    /// Where AWSCredentials finds what a rule file names.
    var origin: CredentialOrigin? {
        switch self {
        case .default: .standard
        case .environment(let prefix): .environment(prefix: prefix)
        case .profile, .assumeRole: nil
        }
    }
}
