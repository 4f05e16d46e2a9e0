// SPDX-License-Identifier: Apache-2.0

import PostPolicy

/// Keys that stand in a profile.
struct KeysProvider: CredentialProvider {
    let received: ReceivedCredentials

    var name: String { "keys of the profile" }
    var absence: String { "there are none" }

    func credentials() async throws(CredentialProblem) -> ProvidedCredentials? {
        let credentials = try received.checked(from: "the AWS profile", tokenName: "session token", isTemporary: false)
        return ProvidedCredentials(credentials: credentials, provider: name)
    }
}
