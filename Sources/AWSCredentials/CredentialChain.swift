// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
package import PostPolicy
import Synchronization

/// The providers of one credential source, tried in order.
///
/// The first provider that has credentials is selected, and from then on only that one is used: the signing identity must not
/// change because a provider is briefly unavailable. The last credentials are cached for the roles that are assumed with them.
package final class CredentialChain: Sendable {
    /// The result of trying one provider, for the command line. Contains no secret.
    package struct Step: Sendable, Equatable {
        package let provider: String
        /// A sentence, or a part of one.
        package let outcome: String
    }

    private struct State {
        /// The index of the provider that is used.
        var selected: Int?
        var lastSearch: [Step] = []
    }

    package let source: CredentialSource
    private let context: ProviderContext
    private let providers: [any CredentialProvider]
    private let cache = CredentialCache(.credentials())
    private let state = Mutex(State())

    /// - Parameter base: the chain of ``CredentialSource/standard`` with whose credentials roles are assumed, shared by all
    ///   roles; nil to create one. Sources other than roles do not use it
    package init(_ source: CredentialSource, context: ProviderContext, base: CredentialChain? = nil) {
        self.source = source
        self.context = context
        providers =
            switch source {
            case .standard:
                [
                    EnvironmentProvider(context: context, prefix: "AWS"), ProfileProvider(context: context),
                    ContainerProvider(context: context), InstanceMetadataProvider(context: context),
                ]
            case .profile(let name): [ProfileProvider(context: context, profile: name)]
            case .environment(let prefix): [EnvironmentProvider(context: context, prefix: prefix)]
            case .role(let role):
                [AssumeRoleProvider(role, base: base ?? CredentialChain(.standard, context: context), context: context)]
            }
    }

    /// Fetches new credentials, in bounded time: 2 s for a metadata service, 3 s for each STS request, 60 s for a
    /// `credential_process`. Concurrent callers share one fetch.
    package func refresh() async throws(CredentialError) -> ProvidedCredentials {
        let search = newSearch()
        return try await cache.fetched(context.moment) { () async throws(CredentialError) in try await self.ask(in: search) }
    }

    /// The providers that the last search tried, in order, with their results.
    package var lastSearch: [Step] { state.withLock { $0.lastSearch } }

    /// Returns the identity that the credentials belong to (STS, `GetCallerIdentity`).
    /// - Parameter region: the region of the store, used if nothing else names one
    package func callerIdentity(of credentials: SigningCredentials, region: String?) async throws(CredentialError)
        -> CallerIdentity
    {
        var region = region
        if region == nil, case .role(let role) = source { region = role.region }
        return try await STSClient(context, fallbackRegion: region, in: newSearch()).callerIdentity(signedBy: credentials)
    }

    private func newSearch() -> CredentialSearch {
        if case .profile(let name) = source { return CredentialSearch(context, profile: name) }
        return CredentialSearch(context)
    }

    private func ask(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        let selected = state.withLock { $0.selected }
        var steps: [Step] = []
        var lastError: CredentialError?
        defer { state.withLock { $0.lastSearch = steps } }
        for index in selected.map({ [$0] }) ?? Array(providers.indices) {
            let provider = providers[index]
            do throws(CredentialError) {
                let provided = try await provider.credentials(in: search)
                steps.append(Step(provider: provided.provider, outcome: "gave credentials"))
                state.withLock { $0.selected = index }
                return provided
            } catch .notConfigured(let reason) {
                steps.append(Step(provider: provider.name, outcome: reason))
                if selected != nil {
                    throw .unavailable("\(provider.name), which is in use, has no AWS credentials any more: \(reason)")
                }
                if providers.count == 1 { throw .configuration("\(provider.name) has no AWS credentials: \(reason)") }
            } catch {
                steps.append(Step(provider: provider.name, outcome: error.description))
                // The default chain tries its last provider on every machine, even if the operator did not intend to use it.
                guard selected == nil, providers.count > 1, index == providers.count - 1 else { throw error }
                lastError = error
            }
        }
        let asked = steps.map { "\($0.provider) (\($0.outcome))" }.joined(separator: ", ")
        let sentence =
            "no AWS credentials were found: asked \(asked). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
            + "or give the machine, task or pod a role"
        throw lastError?.isTransient == true ? .unavailable(sentence) : .configuration(sentence)
    }
}

extension CredentialChain: CredentialProvider {
    var name: String { source.description }

    /// Returns the cached credentials, or new ones shortly before they expire; see ``CredentialCache/forRoles(in:_:)``.
    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        try await cache.forRoles(context.moment) { () async throws(CredentialError) in try await self.ask(in: search) }
    }
}
