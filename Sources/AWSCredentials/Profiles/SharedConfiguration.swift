// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// AWS's shared files: `~/.aws/config` and `~/.aws/credentials`, read as botocore 1.44.5 reads them.
package struct SharedConfiguration: Sendable {
    /// What botocore has under `profiles`: the profiles of the configuration file, with each value that the credentials file
    /// gives to the same profile put over it.
    let profiles: [ExactString: ProfileValues]
    let configuration: ConfigurationFile
    let credentials: CredentialsFile
    /// For sentences.
    let configurationPath: String
    let credentialsPath: String

    init(configuration: ConfigurationFile, credentials: CredentialsFile, configurationPath: String, credentialsPath: String) {
        self.configuration = configuration
        self.credentials = credentials
        self.configurationPath = configurationPath
        self.credentialsPath = credentialsPath
        profiles = configuration.profiles.merging(credentials.profiles) { $0.merging($1) { _, new in new } }
    }

    /// The profile that the environment names, in botocore's order; nil where it names none, which means `default`.
    package static func profileName(in variables: [String: String]) -> String? {
        variables["AWS_DEFAULT_PROFILE"] ?? variables["AWS_PROFILE"]
    }
}
