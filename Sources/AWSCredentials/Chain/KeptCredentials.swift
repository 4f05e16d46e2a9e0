// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Credentials that are fetched once for all who need them at the same time, and kept for those who come soon after: the
/// credentials that roles are assumed with.
final class KeptCredentials: Sendable {
    typealias Fetch = @Sendable () async throws(CredentialProblem) -> ProvidedCredentials

    private let now: @Sendable () -> Date
    private let fetch: Fetch
    private let state = Mutex(State())

    /// How long before their end credentials are renewed, in seconds.
    private static let margin = 300.0
    /// How long those without an end are kept, in seconds: they may be changed where they are written.
    private static let pause = 60.0

    private struct State {
        var kept: ProvidedCredentials?
        var fetchedAt = Date.distantPast
        var running: Running?
        /// Who waits for it.
        var waiting = 0
        /// Counts the fetches, so that one that was given up leaves the next alone.
        var fetches = 0
    }

    private typealias Running = Task<Result<ProvidedCredentials, CredentialProblem>, Never>

    init(now: @escaping @Sendable () -> Date, fetch: @escaping Fetch) {
        self.now = now
        self.fetch = fetch
    }

    /// Fetches anew, or waits for the fetch that is under way.
    func refresh() async throws(CredentialProblem) -> ProvidedCredentials {
        let task = state.withLock { state in
            state.waiting += 1
            if let running = state.running { return running }
            // Not the caller's own task: one who gives up must not end it for the others.
            state.fetches += 1
            let number = state.fetches
            let task = Task { await self.fetched(number) }
            state.running = task
            return task
        }
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            leave(task)
        }.get()
    }

    /// Ends the fetch when the last who waited for it has given up.
    private func leave(_ task: Running) {
        state.withLock { state in
            guard state.running == task else { return }
            state.waiting -= 1
            guard state.waiting == 0 else { return }
            task.cancel()
            // Who comes now must not share its end.
            state.running = nil
        }
    }

    /// The kept ones where they live long enough, or else new ones; the kept ones to their end where no new ones are given.
    func current() async throws(CredentialProblem) -> ProvidedCredentials {
        let (kept, fetchedAt) = state.withLock { ($0.kept, $0.fetchedAt) }
        guard let kept else { return try await refresh() }
        let end = kept.credentials.expiration
        if let end {
            if end.timeIntervalSince(now()) > Self.margin { return kept }
        } else if abs(now().timeIntervalSince(fetchedAt)) < Self.pause {
            return kept
        }
        do throws(CredentialProblem) {
            return try await refresh()
        } catch {
            guard let end, end > now() else { throw error }
            return kept
        }
    }

    private func fetched(_ number: Int) async -> Result<ProvidedCredentials, CredentialProblem> {
        let result: Result<ProvidedCredentials, CredentialProblem>
        do throws(CredentialProblem) {
            let provided = try await fetch()
            if let end = provided.credentials.expiration, end <= now() {
                throw .unavailable(
                    "\(provided.provider) gave credentials that have already ended: renew them, or set this machine's clock")
            }
            result = .success(provided)
        } catch {
            result = .failure(error)
        }
        state.withLock { state in
            if state.fetches == number {
                state.running = nil
                state.waiting = 0
            }
            guard case .success(let provided) = result else { return }
            state.kept = provided
            state.fetchedAt = now()
        }
        return result
    }
}
