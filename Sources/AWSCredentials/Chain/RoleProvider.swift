// SPDX-License-Identifier: Apache-2.0

/// A role that is assumed with the credentials of another provider.
struct RoleProvider: CredentialProvider {
    let request: AssumeRoleRequest
    let sts: STSAccess
    /// The credentials that ask for the role; their owner keeps and renews them.
    let base: @Sendable (CredentialRound) async throws(CredentialError) -> ProvidedCredentials

    var name: String { "role \(request.roleARN)" }
    var absence: String { "no role is named" }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        let base = try await base(round)
        let credentials = try await sts.client(in: round).assumeRole(request, signedBy: base.credentials)
        return ProvidedCredentials(credentials: credentials, provider: "\(base.provider), \(name)")
    }
}
