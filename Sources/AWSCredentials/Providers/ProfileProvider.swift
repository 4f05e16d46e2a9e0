// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import Synchronization

/// A profile of the shared files. Each search reads the files again; the provider that a profile's plan needs is reused, with its
/// cached credentials and tokens, until the plan changes.
final class ProfileProvider: CredentialProvider {
    private let context: ProviderContext
    /// The profile that a rule file or the command line names; nil for the one that the environment names, or `default`.
    private let requested: String?
    private let current = Mutex<(plan: ProfilePlan, provider: any CredentialProvider)?>(nil)

    private var profile: String { context.profile(requested) }

    /// - Parameter profile: nil for the profile that the environment names, or `default`
    init(context: ProviderContext, profile: String? = nil) {
        self.context = context
        requested = profile
    }

    var name: String { "profile \(profile)" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        // As in botocore, a web identity of the environment takes precedence over a profile's keys, unless the profile is
        // requested by name.
        let variables = requested == nil ? context.variables : [:]
        guard let plan = try search.configuration().plan(profile: profile, variables: variables) else {
            throw .notConfigured(
                "the shared AWS files have no credentials for it"
                    + (requested == nil ? ", and AWS_WEB_IDENTITY_TOKEN_FILE is not set" : ""))
        }
        let provider = provider(for: plan)
        do throws(CredentialError) {
            let provided = try await provider.credentials(in: search)
            return ProvidedCredentials(credentials: provided.credentials, provider: title(plan))
        } catch .notConfigured(let reason) {
            throw .unavailable("the AWS profile \(profile) names a source without credentials: \(provider.name): \(reason)")
        }
    }

    private func title(_ plan: ProfilePlan) -> String {
        switch plan {
        case .webIdentity where requested == nil && context.variable("AWS_WEB_IDENTITY_TOKEN_FILE") != nil: "web identity"
        case .webIdentity(let role, _): "\(name), web identity, role \(role.roleARN)"
        case .assumeRole(let role, _): "\(name), role \(role.roleARN)"
        case .process: "\(name), credential_process"
        case .keys, .environment, .container, .instanceMetadata: name
        }
    }

    private func provider(for plan: ProfilePlan) -> any CredentialProvider {
        if let current = current.withLock({ $0 }), current.plan == plan { return current.provider }
        let provider = makeProvider(for: plan)
        current.withLock { $0 = (plan, provider) }
        return provider
    }

    func makeProvider(for plan: ProfilePlan) -> any CredentialProvider {
        switch plan {
        case .keys(let accessKeyID, let secretAccessKey, let sessionToken):
            let keys = ReceivedCredentials(
                accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken, expiration: nil)
            return ProfileKeysProvider(keys: keys, profile: profile)
        case .process(let command): return ProcessProvider(command: command, profile: profile, context: context)
        case .webIdentity(let role, let tokenFile):
            return WebIdentityProvider(role: role, tokenFile: tokenFile, context: context)
        case .assumeRole(let role, let base):
            let cached = CachingProvider(makeProvider(for: base), clock: context.moment)
            return AssumeRoleProvider(role, base: cached, context: context)
        case .environment: return EnvironmentProvider(context: context, prefix: "AWS")
        case .container: return ContainerProvider(context: context)
        case .instanceMetadata: return InstanceMetadataProvider(context: context)
        }
    }
}

/// The keys of a profile.
private struct ProfileKeysProvider: CredentialProvider {
    let keys: ReceivedCredentials
    let profile: String

    var name: String { "keys of the profile" }

    func credentials(in search: CredentialSearch) async throws(CredentialError) -> ProvidedCredentials {
        do throws(CredentialError) {
            let source = "the AWS profile \(profile)"
            let credentials = try keys.validated(from: source, tokenName: "aws_session_token", isTemporary: false)
            return ProvidedCredentials(credentials: credentials, provider: name)
        } catch {
            // Retrying does not help until the file is edited.
            throw .configuration(error.description)
        }
    }
}
