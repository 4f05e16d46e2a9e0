// SPDX-License-Identifier: Apache-2.0

/// Turns what a profile says into the providers that do it.
struct PlanProvider {
    let files: SharedFiles
    let sts: STSAccess

    private var context: ProviderContext { sts.context }

    func provider(for plan: ProfilePlan) -> any CredentialProvider {
        switch plan {
        case .keys(let accessKeyID, let secretAccessKey, let sessionToken):
            return KeysProvider(
                received: ReceivedCredentials(
                    accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, expiration: nil),
                profile: files.profile)
        case .process(let command):
            return ProcessCredentials(command: command, profile: files.profile, context: context)
        case .webIdentity(let roleARN, let tokenFile, let sessionName):
            let request = AssumeRoleRequest(roleARN: roleARN, sessionName: sessionName)
            return WebIdentityCredentials(request: request, tokenFile: tokenFile, sts: sts)
        case .assumeRole(let roleARN, let externalID, let sessionName, let durationSeconds, let base):
            let request = AssumeRoleRequest(
                roleARN: roleARN, externalID: externalID, sessionName: sessionName, durationSeconds: durationSeconds)
            let kept = kept(base)
            return RoleProvider(request: request, sts: sts) { round async throws(CredentialError) in
                try await kept.current(in: round)
            }
        case .environment: return EnvironmentProvider(context: context, prefix: "AWS")
        case .container: return ContainerCredentials(context: context)
        case .instanceMetadata: return InstanceMetadata(context: context)
        }
    }

    private func kept(_ plan: ProfilePlan) -> KeptCredentials {
        let provider = provider(for: plan)
        let profile = files.profile
        return KeptCredentials(clock: context.clock) { round async throws(CredentialError) in
            if let provided = try await provider.credentials(in: round) { return provided }
            throw .unavailable(
                "the credentials that the AWS profile \(profile) assumes a role with are not there: \(provider.name): \(provider.absence)"
            )
        }
    }
}
