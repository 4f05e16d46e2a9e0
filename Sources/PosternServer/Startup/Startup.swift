// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import LocalFiles
package import Logging
package import RuleFiles
package import UserAuth

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Why the service cannot start: every reason found, one sentence each.
package struct SetupError: Error, Sendable, CustomStringConvertible {
    package let sentences: [String]

    package init(_ sentences: [String]) {
        self.sentences = sentences
    }

    package var description: String { sentences.joined(separator: "\n") }
}

extension RuleBook {
    /// Reads the rule files that the settings name.
    /// - Throws: `SetupError` with every problem of every file
    package static func load(_ settings: ServiceSettings) throws(SetupError) -> (book: RuleBook, warnings: [String]) {
        let outcome = RuleLoader.load(folder: settings.tenantsFolder, generation: 1, service: settings.service)
        switch outcome.result {
        case .success(let book): return (book, outcome.warnings.map(\.description))
        case .failure(let problems): throw SetupError(problems.problems.map(\.description))
        }
    }
}

extension ServiceState {
    /// Reads rules and key files, and fetches keys and credentials once.
    ///
    /// A provider that is down or slow does not prevent the start: its keys or credentials are fetched again in the background.
    /// - Parameter fetchTimeout: how long to wait for the first fetches; a `credential_process` may take a minute
    /// - Returns: the state, and warnings about rule files, key files and the TLS key
    /// - Throws: `SetupError` with everything that an operator has to fix; `CancellationError` if the task is cancelled
    package static func load(
        _ settings: ServiceSettings, logger: Logger, fetchTimeout: Duration = .seconds(2), clock: ServiceClock = .system
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let (book, warnings) = try RuleBook.load(settings)
        let loader = await IssuerLoader(book, service: settings.service)
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        let chains = CredentialChains(environment: settings.environment)
        let credentials = TenantCredentials(of: book, chains, environment: settings.environment)
        let uses = APIKeyUses()
        let snapshot = ServiceSnapshot(
            book: book, issuers: ConfiguredIssuers(loader.issuers), credentials: credentials, apiKeyUses: uses)
        let initialFetch = InitialFetch(snapshot.refreshed, RefreshLog(logger: logger, clock: clock))
        await initialFetch.wait(timeout: fetchTimeout)
        if Task.isCancelled {
            await initialFetch.cancel()
            throw CancellationError()
        }
        let problems = credentials.permanentProblems(at: clock.now())
        guard problems.isEmpty else {
            await initialFetch.cancel()
            throw SetupError(problems)
        }
        let tlsWarning = settings.tls.flatMap { LocalFile($0.key).secrecyWarning }.map { "TLS key: \($0)" }
        let state = ServiceState(snapshot, apiKeyUses: uses, initialFetch: initialFetch)
        return (state, warnings + loader.warnings + [tlsWarning].compactMap(\.self))
    }
}

/// Rules and keys without credentials, for `postern whoami`.
package struct AuthenticationSetup: Sendable {
    package let book: RuleBook
    package let issuers: ConfiguredIssuers
    package let authenticator: Authenticator

    /// Reads rules and key files, and fetches remote keys once.
    /// - Throws: `SetupError`
    package static func load(_ settings: ServiceSettings) async throws(SetupError) -> AuthenticationSetup {
        let (book, _) = try RuleBook.load(settings)
        let loader = await IssuerLoader(book, service: settings.service)
        guard loader.problems.isEmpty else { throw SetupError(loader.problems) }
        let issuers = ConfiguredIssuers(loader.issuers)
        await withDiscardingTaskGroup { group in
            for keys in issuers.remote { group.addTask { await keys.refresh(ServiceClock.system.moment) } }
        }
        let authenticator = Authenticator(issuers: issuers.all.map(\.trusted), apiKeys: book.files.flatMap(\.apiKeys))
        return AuthenticationSetup(book: book, issuers: issuers, authenticator: authenticator)
    }

    /// The keys of an issuer that cannot verify tokens, with their reasons.
    package func skippedKeys(of issuer: String) -> [String] {
        issuers.remote.filter { $0.issuer == issuer }.flatMap { $0.status(at: ServiceClock.system.moment()).skipped }
    }

    /// Why the keys of an issuer could not be fetched; nil if they were.
    package func keyProblem(of issuer: String) -> String? {
        issuers.remote.first { $0.issuer == issuer }?.status(at: ServiceClock.system.moment()).lastError
    }
}
