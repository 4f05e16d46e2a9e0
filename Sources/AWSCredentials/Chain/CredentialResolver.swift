// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// Asks one origin for its credentials, whatever kind it is. One resolver an origin, for as long as it is in use: it remembers
/// which provider answered and keeps what the next request needs.
package final class CredentialResolver: Sendable {
    package let origin: CredentialSource
    private let files: SharedFiles
    private let sts: STSAccess
    private let chain: DefaultChain
    private let kept: KeptCredentials

    /// - Parameters:
    ///   - standard: the resolver of ``CredentialSource/standard`` that roles are assumed with, shared by all roles; nil for
    ///     one of this resolver's own. Other origins do not use it.
    package init(origin: CredentialSource, context: ProviderContext, standard: CredentialResolver? = nil) {
        self.origin = origin
        let (profile, region): (String?, String?) =
            switch origin {
            case .profile(let name): (name, nil)
            case .role(let role): (nil, role.region)
            case .standard, .environment: (nil, nil)
            }
        let files = SharedFiles(context: context, named: profile)
        let sts = STSAccess(context: context, fallbackRegion: region)
        self.files = files
        self.sts = sts
        let chain =
            switch origin {
            case .standard: DefaultChain(providers: Self.standardProviders(files, sts))
            case .profile: DefaultChain(only: ProfileProvider(files: files, sts: sts))
            case .environment(let prefix): DefaultChain(only: EnvironmentProvider(context: context, prefix: prefix))
            case .role(let role): DefaultChain(only: Self.roleProvider(role, sts, standard))
            }
        self.chain = chain
        kept = KeptCredentials(clock: context.clock) { round async throws(CredentialError) in
            try await chain.credentials(in: round)
        }
    }

    /// Asks anew, bounded in time: 2 s for a metadata service, 3 s for each STS on the way, 60 s for a `credential_process`.
    /// Who asks while that is under way gets the same answer.
    package func refresh() async throws(CredentialError) -> ProvidedCredentials {
        try await kept.refresh(in: CredentialRound(files))
    }

    /// The credentials of the last answer while they live for another five minutes, or else new ones: for those who assume
    /// roles with them.
    /// - Parameter round: the search that needs them
    func current(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials {
        try await kept.current(in: round)
    }

    /// Whom the last round asked, in its order, and what came of it.
    package var trace: [CredentialTrace] { chain.trace }

    /// Whose the credentials are (STS, `GetCallerIdentity`).
    /// - Parameter region: the region of the store in question, for where nothing else names one
    package func callerIdentity(of credentials: SigningCredentials, region: String?) async throws(CredentialError)
        -> CallerIdentity
    {
        let access = STSAccess(context: sts.context, fallbackRegion: region ?? sts.fallbackRegion)
        return try await access.client(in: CredentialRound(files)).callerIdentity(signedBy: credentials)
    }

    private static func standardProviders(_ files: SharedFiles, _ sts: STSAccess) -> [any CredentialProvider] {
        let context = sts.context
        return [
            EnvironmentProvider(context: context, prefix: "AWS"),
            ProfileProvider(files: files, sts: sts),
            ContainerCredentials(context: context),
            InstanceMetadata(context: context),
        ]
    }

    private static func roleProvider(_ role: AssumedRole, _ sts: STSAccess, _ standard: CredentialResolver?) -> RoleProvider {
        let standard = standard ?? CredentialResolver(origin: .standard, context: sts.context)
        let request = AssumeRoleRequest(
            roleARN: role.roleARN, externalID: role.externalID, sessionName: role.sessionName, sessionPolicy: role.sessionPolicy)
        // The standard chain reads the files for the same profile as a role does: the one that the environment names.
        return RoleProvider(request: request, sts: sts) { round async throws(CredentialError) in
            try await standard.current(in: round)
        }
    }
}
