// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import RuleFiles
import UserAuth

/// Makes snapshots of rules and key files. What did not change is taken from the snapshot before.
struct SnapshotMaker: Sendable {
    /// When API keys were last used, whichever rules declared them.
    let apiKeyUses = APIKeyUses()
    private let environment: [String: String]
    private let proxies: ProxySettings
    private let chains: CredentialChains

    /// - Parameters:
    ///   - environment: the environment of the process
    ///   - proxies: the proxy for keys and STS
    init(environment: [String: String], proxies: ProxySettings) {
        self.environment = environment
        self.proxies = proxies
        chains = CredentialChains(environment: environment, proxies: proxies)
    }

    /// - Parameters:
    ///   - certificate: of the public listener; nil without TLS
    ///   - keyFiles: reads key files that no declaration before has named
    ///   - previous: the snapshot in force; nil at the start
    /// - Returns: the snapshot, and warnings about new key files
    /// - Throws: `SetupError` with every key file that cannot be used. It does not throw if ``KeyFiles/problems(of:_:)`` has found
    ///   no problem
    func snapshot(
        _ book: RuleBook, _ settings: ServiceSettings, _ certificate: ServerCertificate?, _ keyFiles: KeyFiles,
        after previous: ServiceSnapshot? = nil
    ) throws(SetupError) -> (snapshot: ServiceSnapshot, warnings: [String]) {
        let loader = IssuerLoader(
            book, serviceWide: settings.issuers, proxies: proxies, keyFiles: keyFiles, after: previous?.issuers,
            generation: (previous?.generation ?? 0) + 1)
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        let credentials = TenantCredentials(of: book, chains, environment: environment, after: previous?.credentials)
        let snapshot = ServiceSnapshot(
            book, settings, certificate, issuers: loader.issuers, credentials: credentials, apiKeyUses: apiKeyUses,
            after: previous)
        return (snapshot, loader.warnings)
    }
}
