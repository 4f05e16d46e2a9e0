// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A role by a token file: each of its three settings from the environment first, then from the profile.
struct WebIdentityReader {
    let profile: ProfileReader
    let variables: [String: String]

    /// nil where no token file is named. A `duration_seconds` of the profile is not read: botocore does not either.
    func plan() throws(CredentialError) -> ProfilePlan? {
        guard let tokenFile = try setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"), !tokenFile.isEmpty else {
            return nil
        }
        guard let roleARN = try setting("AWS_ROLE_ARN", "role_arn"), !roleARN.isEmpty else {
            throw profile.problem("a web identity token file is named and no role: write role_arn, or set AWS_ROLE_ARN")
        }
        guard RoleARN(roleARN) != nil else {
            throw profile.problem("the role of its web identity is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME")
        }
        let sessionName = try setting("AWS_ROLE_SESSION_NAME", "role_session_name")
        return .webIdentity(
            roleARN: roleARN,
            tokenFile: tokenFile,
            sessionName: sessionName == "" ? nil : sessionName
        )
    }

    private func setting(_ variable: String, _ option: ExactString) throws(CredentialError) -> String? {
        if let value = variables[variable] { return value }
        return try profile.line(option)
    }
}
