// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Finds out how a profile gets credentials, in the order of botocore's `create_credential_resolver`.
struct ProfilePlanner {
    let shared: SharedConfiguration
    /// The profiles on the way to the keys, outermost first.
    private var visited: [ExactString] = []

    /// A role that is assumed from a role and so on: longer chains than this are a mistake.
    private static let maximumChain = 50

    init(_ shared: SharedConfiguration) {
        self.shared = shared
    }

    /// - Parameters:
    ///   - name: a profile that exists, or `default`
    ///   - variables: those of the environment that may add to a web identity; none for a profile that is asked for by name
    mutating func plan(_ name: ExactString, variables: [String: String]) throws(CredentialError) -> ProfilePlan? {
        let profile = shared.reader(name)
        visited = [name]
        return profile.assumesRole ? try role(of: profile) : try own(profile, variables)
    }

    /// Credentials that a profile has by itself, from the first of its sources that is written.
    private func own(_ profile: ProfileReader, _ variables: [String: String]) throws(CredentialError) -> ProfilePlan? {
        if let plan = try WebIdentityReader(profile: profile, variables: variables).plan() { return plan }
        if profile.has("sso_role_name") || profile.has("sso_account_id") { throw signIn("sso_role_name", of: profile) }
        if let plan = try ProfileReader(name: profile.name, values: shared.credentials.profiles[profile.name] ?? [:]).keys() {
            return plan
        }
        if profile.has("login_session") { throw signIn("login_session", of: profile) }
        if let command = try profile.text("credential_process") {
            guard let words = try? ShellWords.split(command), !words.isEmpty else {
                throw profile.problem("its credential_process is empty, or a quotation in it has no end: write a command")
            }
            return .process(command: command)
        }
        return try ProfileReader(name: profile.name, values: shared.configuration.profiles[profile.name] ?? [:]).keys()
    }

    private func signIn(_ option: String, of profile: ProfileReader) -> CredentialError {
        profile.problem(
            "its \(option) needs a person who signs in, which a service has not: "
                + "use a role, or credential_process = aws configure export-credentials --profile NAME"
        )
    }

    private mutating func role(of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        let roleARN = try profile.roleARN()
        if profile.has("mfa_serial") {
            throw profile.problem(
                "its mfa_serial needs a person who types a code, which a service has not: use a role that asks for none")
        }
        let externalID = try profile.externalID()
        let sessionName = try profile.lineThatSays("role_session_name")
        let durationSeconds = try profile.durationSeconds()
        return .assumeRole(
            roleARN: roleARN,
            externalID: externalID,
            sessionName: sessionName,
            durationSeconds: durationSeconds,
            base: try base(of: profile)
        )
    }

    /// What a role is assumed with: exactly one of `source_profile` and `credential_source`.
    private mutating func base(of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        switch (try profile.line("source_profile"), try profile.line("credential_source")) {
        case (_?, _?): throw profile.problem("it has both source_profile and credential_source: keep one of them")
        case (nil, nil):
            throw profile.problem("it has a role_arn and neither source_profile nor credential_source: write one of them")
        case (nil, "Environment"): return .environment
        case (nil, "EcsContainer"): return .container
        case (nil, "Ec2InstanceMetadata"): return .instanceMetadata
        case (nil, _?):
            throw profile.problem("its credential_source is none of Environment, EcsContainer and Ec2InstanceMetadata")
        case (let name?, nil): return try source(ExactString(name), of: profile)
        }
    }

    private mutating func source(_ name: ExactString, of profile: ProfileReader) throws(CredentialError) -> ProfilePlan {
        guard shared.profiles[name] != nil else {
            throw profile.problem("its source_profile \(ProfileReader.shown(name)) does not exist. \(shared.hint(about: name))")
        }
        let source = shared.reader(name)
        // A profile may name itself as its source if it has keys of its own.
        if visited.contains(name), name != profile.name || !source.hasStaticKeys {
            throw profile.problem(
                "its source_profile leads back to \(ProfileReader.shown(name)): end the chain at a profile that has keys")
        }
        if visited.count >= Self.maximumChain {
            throw profile.problem("more than \(Self.maximumChain) profiles lead to it: shorten the chain")
        }
        visited.append(name)
        if source.assumesRole, !source.hasStaticKeys { return try role(of: source) }
        guard let plan = try own(source, [:]) else {
            throw source.problem("it is the source_profile of another one and has no credentials")
        }
        return plan
    }
}
