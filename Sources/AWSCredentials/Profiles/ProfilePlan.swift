// SPDX-License-Identifier: Apache-2.0

/// How a profile says to get credentials. Printing one never shows a secret.
package indirect enum ProfilePlan: Sendable, Equatable {
    /// `aws_access_key_id` and its companions.
    case keys(accessKeyID: String, secretAccessKey: String, sessionToken: String?)
    /// `credential_process`: a command line, which ``ShellWords`` splits.
    case process(command: String)
    /// `web_identity_token_file` with `role_arn`.
    case webIdentity(roleARN: String, tokenFile: String, sessionName: String?)
    /// `role_arn` with `source_profile` or `credential_source`: the role is assumed with the credentials of `base`.
    case assumeRole(roleARN: String, externalID: String?, sessionName: String?, durationSeconds: Int?, base: ProfilePlan)
    /// `credential_source = Environment`.
    case environment
    /// `credential_source = EcsContainer`.
    case container
    /// `credential_source = Ec2InstanceMetadata`.
    case instanceMetadata
}
