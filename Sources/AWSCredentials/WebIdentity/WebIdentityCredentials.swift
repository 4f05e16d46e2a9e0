// SPDX-License-Identifier: Apache-2.0

/// A role by the token of an identity provider that the role trusts, as EKS gives to pods ("IAM roles for service accounts").
struct WebIdentityCredentials: CredentialProvider {
    let request: AssumeRoleRequest
    /// Read anew each time: the platform that writes the token renews it.
    let tokenFile: String
    let sts: STSAccess

    var name: String { "web identity" }
    var absence: String { "no token file is named" }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        let token = try WebIdentityToken.read(tokenFile, sts.context)
        let credentials = try await sts.client(in: round).assumeRoleWithWebIdentity(request, token: token)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }
}
