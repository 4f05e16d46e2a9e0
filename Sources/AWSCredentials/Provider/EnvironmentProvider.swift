// SPDX-License-Identifier: Apache-2.0

/// Variables of the environment: AWS's own as a part of the chain, or a tenant's.
struct EnvironmentProvider: CredentialProvider {
    let context: ProviderContext
    /// `AWS` for AWS's own names.
    let prefix: String

    var name: String { prefix == "AWS" ? "environment" : "environment \(prefix)" }
    var absence: String { "\(prefix)_ACCESS_KEY_ID is not set" }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        do throws(CredentialError) {
            return ProvidedCredentials(
                credentials: try EnvironmentCredentials(prefix: prefix).credentials(from: context.variables), provider: name)
        } catch .notSet where prefix == "AWS" {
            return nil
        }
    }
}
