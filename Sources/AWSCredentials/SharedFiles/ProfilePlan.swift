// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How a profile gets credentials. Printing one never shows a secret.
indirect enum ProfilePlan: Sendable, Equatable {
    /// `aws_access_key_id`, `aws_secret_access_key` and the session token.
    case keys(accessKeyID: String, secretAccessKey: String, sessionToken: String?)
    /// `credential_process`: a command line.
    case process(command: String)
    /// `web_identity_token_file` with `role_arn`.
    case webIdentity(AssumedRole, tokenFile: String)
    /// `role_arn` with `source_profile` or `credential_source`: the role is assumed with the credentials of `base`.
    case assumeRole(AssumedRole, base: ProfilePlan)
    /// `credential_source = Environment`.
    case environment
    /// `credential_source = EcsContainer`.
    case container
    /// `credential_source = Ec2InstanceMetadata`.
    case instanceMetadata
}

extension ProfilePlan: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind, the role and the end of the access key id. Neither keys nor a command, whose arguments may be secrets.
    var description: String {
        switch self {
        case .keys(let accessKeyID, _, _): "access key …\(String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self))"
        case .process: "credential_process"
        case .webIdentity(let role, _): "role \(role.roleARN) by web identity"
        case .assumeRole(let role, let base): "role \(role.roleARN) from \(base)"
        case .environment: "environment"
        case .container: "container"
        case .instanceMetadata: "instance metadata"
        }
    }

    var debugDescription: String { description }

    /// A mirror without children: `dump` and reflection show no more than ``description``.
    var customMirror: Mirror { Mirror(self, children: []) }
}

extension SharedConfiguration {
    /// Returns how the profile gets credentials, from the first of these that it has: a role with a source, a web identity, keys in
    /// the credentials file, a process, keys in the configuration file.
    /// - Parameters:
    ///   - profile: its name; `default` need not exist
    ///   - variables: the process's environment, in which a web identity's settings take precedence over the profile's; none if
    ///     the profile is requested by name, as in botocore
    /// - Returns: nil if the profile has none
    func plan(profile: String, variables: [String: String] = [:]) throws(CredentialError) -> ProfilePlan? {
        let name = ExactString(profile)
        if profiles[name] == nil, name != "default" {
            throw .configuration("the AWS profile \(ProfileReader.quoted(name)) does not exist. \(advice(onMissing: name))")
        }
        var planner = ProfilePlanner(self)
        return try planner.plan(name, variables: variables)
    }
}

/// Finds how a profile gets credentials, in the order of botocore's `create_credential_resolver`.
private struct ProfilePlanner {
    let shared: SharedConfiguration
    /// The profiles from the requested one to the present one.
    private var visited: [ExactString] = []

    /// The maximum number of profiles in a chain of roles.
    private static let maximumChain = 50

    init(_ shared: SharedConfiguration) {
        self.shared = shared
    }

    /// - Parameters:
    ///   - name: a profile that exists, or `default`
    ///   - variables: those of the environment that may set a web identity; none for a profile that is requested by name
    mutating func plan(_ name: ExactString, variables: [String: String]) throws(CredentialError) -> ProfilePlan? {
        let profile = shared.reader(of: name)
        visited = [name]
        return profile.assumesRole ? try role(of: profile) : try ownCredentials(of: profile, variables)
    }

    /// Returns the plan for a profile's own credentials, without a role.
    private func ownCredentials(
        of profile: ProfileReader, _ variables: [String: String]
    ) throws(CredentialError) -> ProfilePlan? {
        if let plan = try profile.webIdentity(variables) { return plan }
        if profile.has("sso_role_name") || profile.has("sso_account_id") { throw interactive("sso_role_name", of: profile) }
        if let plan = try ProfileReader(name: profile.name, values: shared.credentials.profiles[profile.name] ?? [:]).keys() {
            return plan
        }
        if profile.has("login_session") { throw interactive("login_session", of: profile) }
        if let command = try profile.text("credential_process") {
            guard let words = command.shellWords, !words.isEmpty else {
                throw profile.error(
                    "its credential_process is empty, or has a quotation mark that is not closed: write a command")
            }
            return .process(command: command)
        }
        return try ProfileReader(name: profile.name, values: shared.configuration.profiles[profile.name] ?? [:]).keys()
    }

    private func interactive(_ option: String, of profile: ProfileReader) -> CredentialError {
        profile.error(
            "its \(option) needs a person to sign in: "
                + "use a role, or credential_process = aws configure export-credentials --profile NAME"
        )
    }

    private mutating func role(of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        .assumeRole(try profile.role(), base: try base(of: profile))
    }

    /// Returns the plan for the credentials with which a role is assumed: exactly one of `source_profile` and
    /// `credential_source`.
    private mutating func base(of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        switch (try profile.line("source_profile"), try profile.line("credential_source")) {
        case (_?, _?): throw profile.error("it has both source_profile and credential_source: keep one of them")
        case (nil, nil):
            throw profile.error("it has a role_arn and neither source_profile nor credential_source: write one of them")
        case (nil, "Environment"): return .environment
        case (nil, "EcsContainer"): return .container
        case (nil, "Ec2InstanceMetadata"): return .instanceMetadata
        case (nil, _?):
            throw profile.error("its credential_source has to be Environment, EcsContainer or Ec2InstanceMetadata")
        case (let name?, nil): return try source(ExactString(name), of: profile)
        }
    }

    private mutating func source(_ name: ExactString, of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        guard shared.profiles[name] != nil else {
            throw profile.error(
                "its source_profile \(ProfileReader.quoted(name)) does not exist. \(shared.advice(onMissing: name))")
        }
        let source = shared.reader(of: name)
        // A profile may name itself as its source if it has keys of its own.
        if visited.contains(name), name != profile.name || !source.hasStaticKeys {
            throw profile.error(
                "its source_profile leads back to \(ProfileReader.quoted(name)): end the chain at a profile that has keys")
        }
        if visited.count >= Self.maximumChain {
            throw profile.error("more than \(Self.maximumChain) profiles lead to it: shorten the chain")
        }
        visited.append(name)
        if source.assumesRole, !source.hasStaticKeys { return try role(of: source) }
        guard let plan = try ownCredentials(of: source, [:]) else {
            throw source.error("it is the source_profile of another one and has no credentials: write its keys")
        }
        return plan
    }
}
