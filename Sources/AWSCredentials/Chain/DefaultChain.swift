// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// AWS's own order of providers. The first that has credentials answers, and from then on it alone is asked: credentials must
/// not change their owner because a source was silent for a moment.
final class DefaultChain: Sendable {
    private let providers: [any CredentialProvider]
    /// What to say where no provider has credentials.
    private let exhausted: @Sendable ([CredentialTrace], CredentialError?) -> CredentialError
    private let state = Mutex(State())

    private struct State {
        var pinned: Int?
        var trace: [CredentialTrace] = []
    }

    /// The whole chain, of which the last provider is asked wherever nothing else is set up.
    init(providers: [any CredentialProvider]) {
        self.providers = providers
        exhausted = Self.exhausted
    }

    /// A provider that an operator chose.
    init(only provider: any CredentialProvider) {
        providers = [provider]
        exhausted = { _, problem in problem ?? .configuration("\(provider.name) has no AWS credentials: \(provider.absence)") }
    }

    /// What the last round asked, in its order.
    var trace: [CredentialTrace] { state.withLock { $0.trace } }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials {
        if let pinned = state.withLock({ $0.pinned }) { return try await again(providers[pinned], in: round) }
        var trace: [CredentialTrace] = []
        var lastProblem: CredentialError?
        for (index, provider) in providers.enumerated() {
            do throws(CredentialError) {
                if let provided = try await provider.credentials(in: round) {
                    trace.append(CredentialTrace(provider: provided.provider, outcome: "gave credentials"))
                    state.withLock { $0 = State(pinned: index, trace: trace) }
                    return provided
                }
                trace.append(CredentialTrace(provider: provider.name, outcome: provider.absence))
            } catch {
                trace.append(CredentialTrace(provider: provider.name, outcome: error.description))
                state.withLock { $0.trace = trace }
                // Nobody may have meant the last one: it is asked wherever nothing else is set up.
                guard index == providers.count - 1 else { throw error }
                lastProblem = error
            }
        }
        state.withLock { $0.trace = trace }
        throw exhausted(trace, lastProblem)
    }

    private func again(
        _ provider: any CredentialProvider, in round: CredentialRound
    ) async throws(CredentialError) -> ProvidedCredentials {
        let trace: CredentialTrace
        defer { state.withLock { $0.trace = [trace] } }
        do throws(CredentialError) {
            if let provided = try await provider.credentials(in: round) {
                trace = CredentialTrace(provider: provided.provider, outcome: "gave credentials")
                return provided
            }
        } catch {
            trace = CredentialTrace(provider: provider.name, outcome: error.description)
            throw error
        }
        trace = CredentialTrace(provider: provider.name, outcome: provider.absence)
        throw .unavailable("\(provider.name) gave the AWS credentials until now, and has none any more: \(provider.absence)")
    }

    private static func exhausted(_ trace: [CredentialTrace], _ problem: CredentialError?) -> CredentialError {
        let asked = trace.map { "\($0.provider) (\($0.outcome))" }.joined(separator: ", ")
        let sentence =
            "no AWS credentials were found: asked \(asked). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
            + "or give the machine, task or pod a role"
        return problem?.isTransient == true ? .unavailable(sentence) : .configuration(sentence)
    }
}
