// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension SharedConfiguration {
    /// How the profile gets credentials: the first that is written of a role with a source, a web identity, keys in the
    /// credentials file, a process, keys in the configuration file.
    /// - Parameters:
    ///   - profile: its name; `default` need not exist
    ///   - variables: the process's environment, in which a web identity's settings come before the profile's; leave it out
    ///     where the profile was asked for by name, as botocore does
    /// - Returns: nil where nothing names credentials
    package func plan(profile: String, variables: [String: String] = [:]) throws(CredentialError) -> ProfilePlan? {
        let name = ExactString(profile)
        if profiles[name] == nil, name != "default" {
            throw .configuration("the AWS profile \(ProfileReader.shown(name)) does not exist. \(hint(about: name))")
        }
        var planner = ProfilePlanner(self)
        return try planner.plan(name, variables: variables)
    }

    /// The profile's values, none where it does not exist.
    func reader(_ name: ExactString) -> ProfileReader {
        ProfileReader(name: name, values: profiles[name] ?? [:])
    }

    /// What to write so that a profile exists.
    func hint(about name: ExactString) -> String {
        let shown = ProfileReader.shown(name)
        if name.text.isEmpty { return "Its name is empty: is AWS_PROFILE set to nothing?" }
        if configuration.others.contains(name) {
            return "\(configurationPath) has a section of that name: write the word profile in front of it, as in [profile NAME]."
        }
        if credentials.profiles[ExactString("profile \(name.text)")] != nil {
            return "\(credentialsPath) has it with the word profile in front: write only the name there, as in [NAME]."
        }
        return "Write [profile NAME] into \(configurationPath), or [NAME] into \(credentialsPath), with \(shown) for NAME."
    }
}
