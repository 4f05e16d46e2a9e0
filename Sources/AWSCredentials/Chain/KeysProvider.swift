// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// Keys that stand in a profile.
struct KeysProvider: CredentialProvider {
    let received: ReceivedCredentials
    let profile: String

    var name: String { "keys of the profile" }
    var absence: String { "there are none" }

    func credentials(in round: CredentialRound) async throws(CredentialError) -> ProvidedCredentials? {
        do throws(CredentialError) {
            let source = "the AWS profile \(profile)"
            let credentials = try received.checked(from: source, tokenName: "aws_session_token", isTemporary: false)
            return ProvidedCredentials(credentials: credentials, provider: name)
        } catch {
            // What an operator wrote is wrong until an operator mends it.
            throw .configuration(error.description)
        }
    }
}
