// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A profile of the shared files. The files are read anew in each round; what a profile needs in addition (credentials that
/// assume a role, a metadata service's token) is kept for as long as it says the same.
final class ProfileProvider: CredentialProvider {
    private let files: SharedFiles
    private let plans: PlanProvider
    private let context: ProviderContext
    private let kept = Mutex<(plan: ProfilePlan, provider: any CredentialProvider)?>(nil)

    init(files: SharedFiles, sts: STSAccess) {
        self.files = files
        context = sts.context
        plans = PlanProvider(files: files, sts: sts)
    }

    var name: String { "profile \(files.profile)" }
    var absence: String {
        "the shared AWS files hold no credentials for it"
            + (files.named == nil ? ", and AWS_WEB_IDENTITY_TOKEN_FILE is not set" : "")
    }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        // As in botocore, the environment's web identity goes before a profile's keys, unless the profile was asked for by name.
        let variables = files.named == nil ? context.variables : [:]
        guard let plan = try round.configuration().plan(profile: files.profile, variables: variables) else { return nil }
        let provider = provider(for: plan)
        guard let provided = try await provider.credentials(in: round) else {
            throw .unavailable(
                "the AWS profile \(files.profile) names a source that has no credentials: \(provider.name): \(provider.absence)")
        }
        return ProvidedCredentials(credentials: provided.credentials, provider: title(plan))
    }

    private func provider(for plan: ProfilePlan) -> any CredentialProvider {
        if let kept = kept.withLock({ $0 }), kept.plan == plan { return kept.provider }
        let provider = plans.provider(for: plan)
        kept.withLock { $0 = (plan, provider) }
        return provider
    }

    private func title(_ plan: ProfilePlan) -> String {
        switch plan {
        case .webIdentity where files.named == nil && context.variable("AWS_WEB_IDENTITY_TOKEN_FILE") != nil: "web identity"
        case .webIdentity(let role, _, _): "\(name), web identity, role \(role)"
        case .assumeRole(let role, _, _, _, _): "\(name), role \(role)"
        case .process: "\(name), credential_process"
        case .keys, .environment, .container, .instanceMetadata: name
        }
    }
}
