// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import LocalFiles
package import Logging
import RuleFiles
import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension ServiceState {
    /// Reads rules, keys and credentials, and lists everything that is wrong with any of them.
    ///
    /// What is fetched is fetched once before this returns, so that a first request finds it. A provider or a source that is
    /// down or slow does not keep the service from starting: it is asked on until it answers.
    /// - Parameter patience: how long the first fetches are waited for; a `credential_process` may take a minute
    /// - Returns: the state and the warnings of rule and key files, the listener's TLS key among them
    /// - Throws: `SetupError`, and `CancellationError` when the task is cancelled
    package static func load(
        _ settings: ServiceSettings, logger: Logger, patience: Duration = .seconds(2), clock: ServiceClock = .system
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let (book, warnings) = try RuleBook.load(settings)
        let assembly = await IssuerLoader(of: book, service: settings.service)
        let chains = CredentialChains(environment: settings.environment)
        let credentials = TenantCredentials(of: book, chains, environment: settings.environment)
        let issuers = TrustedIssuers(assembly.entries)
        guard assembly.problems.isEmpty else { throw SetupError(assembly.problems) }
        let uses = APIKeyUses()
        let snapshot = ServiceSnapshot(book: book, issuers: issuers, credentials: credentials, apiKeyUses: uses)
        let firstRound = InitialFetch(snapshot.refreshed, RefreshLog(logger: logger, clock: clock))
        await firstRound.wait(patience)
        if Task.isCancelled {
            await firstRound.end()
            throw CancellationError()
        }
        let problems = credentials.lastingProblems(at: clock.now())
        guard problems.isEmpty else {
            await firstRound.end()
            throw SetupError(problems)
        }
        let tlsWarning = settings.tls.flatMap { LocalFile($0.key).secrecyWarning }.map { "TLS key: \($0)" }
        let state = ServiceState(snapshot, apiKeyUses: uses, firstRound: firstRound)
        return (state, warnings + assembly.warnings + [tlsWarning].compactMap(\.self))
    }
}
