// SPDX-License-Identifier: Apache-2.0

/// A web identity that the environment names, as a part of the chain.
struct WebIdentityProvider: CredentialProvider {
    let sts: STSAccess

    var name: String { "web identity" }
    var absence: String { "AWS_WEB_IDENTITY_TOKEN_FILE is not set" }

    func credentials() async throws(CredentialProblem) -> ProvidedCredentials? {
        guard let file = sts.context.variable("AWS_WEB_IDENTITY_TOKEN_FILE") else { return nil }
        guard let role = sts.context.variable("AWS_ROLE_ARN") else {
            throw .configuration("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set it to the ARN of the role")
        }
        let request = AssumeRoleRequest(roleARN: role, sessionName: sts.context.variable("AWS_ROLE_SESSION_NAME"))
        return try await WebIdentityCredentials(request: request, tokenFile: file, sts: sts).credentials()
    }
}
