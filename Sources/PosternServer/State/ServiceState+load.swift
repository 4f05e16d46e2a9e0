// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
package import Logging
import Synchronization
import TenantRules
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
    /// - Returns: the state and the warnings of rule and key files
    /// - Throws: `SetupProblems`
    package static func load(
        _ settings: ServiceSettings, logger: Logger, patience: Duration = .seconds(5)
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let (book, warnings) = try RuleBook.load(settings)
        let assembly = await IssuerAssembly(of: book, service: settings.service)
        let resolvers = CredentialResolvers(environment: settings.environment)
        let credentials = TenantCredentials(of: book, resolvers)
        let issuers = TrustedIssuers(assembly.entries)
        await warmUp(issuers, credentials, RefreshJournal(logger: logger), patience: patience)
        let problems = assembly.problems + credentials.lastingProblems(at: Date())
        guard problems.isEmpty else { throw SetupProblems(problems) }
        let uses = APIKeyUses()
        let snapshot = ServiceSnapshot(book: book, issuers: issuers, credentials: credentials, apiKeyUses: uses)
        return (ServiceState(snapshot, apiKeyUses: uses), warnings + assembly.warnings)
    }

    /// Fetches everything once, all at the same time. What takes longer than is waited goes on beside the start.
    private static func warmUp(
        _ issuers: TrustedIssuers, _ credentials: TenantCredentials, _ journal: RefreshJournal, patience: Duration
    ) async {
        let running = Countdown(from: issuers.remote.count + credentials.sources.count)
        for keys in issuers.remote {
            Task {
                await journal.refresh(keys)
                running.step()
            }
        }
        for source in credentials.sources {
            Task {
                await journal.refresh(source)
                running.step()
            }
        }
        let deadline = Uptime.now() + patience
        while running.isRunning, Uptime.now() < deadline { try? await Task.sleep(for: .milliseconds(10)) }
    }
}

/// Counts what still runs.
private final class Countdown: Sendable {
    private let left: Atomic<Int>

    init(from count: Int) {
        left = Atomic(count)
    }

    var isRunning: Bool { left.load(ordering: .acquiring) > 0 }

    func step() {
        left.subtract(1, ordering: .releasing)
    }
}
