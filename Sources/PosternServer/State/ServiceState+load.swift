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
    /// What is fetched is fetched once before this returns, for 5 s at most, so that a first request finds it. A provider or a source that is
    /// down does not keep the service from starting: it is asked again until it answers.
    /// - Returns: the state and the warnings of rule and key files
    /// - Throws: `SetupProblems`
    package static func load(
        _ settings: ServiceSettings, logger: Logger
    ) async throws -> (state: ServiceState, warnings: [String]) {
        let (book, warnings) = try RuleBook.load(settings)
        let assembly = await IssuerAssembly(of: book, service: settings.service)
        let resolvers = CredentialResolvers(environment: settings.environment)
        let credentials = TenantCredentials(of: book, resolvers)
        let issuers = TrustedIssuers(assembly.entries)
        let problems = assembly.problems + (await warmUp(issuers, credentials, RefreshJournal(logger: logger)))
        guard problems.isEmpty else { throw SetupProblems(problems) }
        let uses = APIKeyUses()
        let snapshot = ServiceSnapshot(book: book, issuers: issuers, credentials: credentials, apiKeyUses: uses)
        return (ServiceState(snapshot, apiKeyUses: uses), warnings + assembly.warnings)
    }

    /// How long the start waits for the first fetches. A `credential_process` may take a minute.
    private static let patience = Duration.seconds(5)

    /// Fetches everything once, all at the same time. What takes longer than the start waits goes on beside it.
    /// - Returns: what is wrong and stays wrong until an operator mends it
    private static func warmUp(
        _ issuers: TrustedIssuers, _ credentials: TenantCredentials, _ journal: RefreshJournal
    ) async -> [String] {
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
        var sentences: [String] = []
        for source in credentials.sources {
            guard let problem = source.problem(at: Date()), !problem.isPassing else { continue }
            sentences.append(source.origin == .standard ? "\(problem)" : "credentials of \(source.origin): \(problem)")
        }
        return sentences
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
