// SPDX-License-Identifier: Apache-2.0

import WireFormats

extension ProfileReader {
    /// Whether the profile assumes a role with credentials of others. One with a token file does it by web identity, even
    /// where another profile names it as its source.
    var assumesRole: Bool { has("role_arn") && !has("web_identity_token_file") }

    /// The option's text; nil too where it is empty.
    func lineThatSays(_ option: ExactString) throws(CredentialError) -> String? {
        let line = try line(option)
        return line == "" ? nil : line
    }

    /// A role's ARN, as STS takes it.
    func roleARN() throws(CredentialError) -> String {
        guard let roleARN = try line("role_arn"), RoleARN(roleARN) != nil else {
            throw problem("its role_arn is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME")
        }
        return roleARN
    }

    /// The external id that the role's trust policy asks for, as STS takes it.
    func externalID() throws(CredentialError) -> String? {
        guard let externalID = try line("external_id") else { return nil }
        guard AssumeRoleRequest.isExternalID(externalID) else {
            throw problem("its external_id is not possible: write 2 to 1224 letters, digits and _+=,.@:/-, or remove the line")
        }
        return externalID
    }

    /// How long the role's sessions last, within STS's limits. botocore leaves out what is no number, and the operator
    /// never learns of it; here it is an error.
    func durationSeconds() throws(CredentialError) -> Int? {
        guard let text = try line("duration_seconds") else { return nil }
        guard let seconds = Int(text), AssumeRoleRequest.durations.contains(seconds) else {
            throw problem("its duration_seconds has to be a number of seconds from 900 to 43200")
        }
        return seconds
    }
}
