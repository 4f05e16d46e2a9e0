// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import PostPolicy

/// How much of a form a session token takes: it stands there twice, as a field, and in base64 within the policy.
enum SessionTokenLength {
    /// A form of so many bytes without a session token is none that a client blew up.
    private static let usualForm = 6000
    /// What the smallest form has beside the token.
    private static let smallestForm = 1500

    /// Refuses credentials with which not even the smallest form stays under the store's limit.
    static func check(_ credentials: SigningCredentials) throws(CredentialProblem) {
        guard let token = credentials.sessionToken, bytes(token) + smallestForm > SignedForm.maximumBytes else { return }
        throw problem(token)
    }

    /// The problem where it is the token's length, and not what the client asked for, that made a form of `bytes` too large.
    static func problem(of credentials: SigningCredentials, formBytes: Int) -> CredentialProblem? {
        guard let token = credentials.sessionToken, formBytes - bytes(token) < usualForm else { return nil }
        return problem(token)
    }

    private static func bytes(_ token: String) -> Int { token.utf8.count * 7 / 3 }

    private static func problem(_ token: String) -> CredentialProblem {
        .unavailable(
            """
            the session token is \(token.utf8.count) bytes long, and with it the form is over the store's \(SignedForm.maximumBytes) \
            bytes: assume the role with a shorter session policy or fewer session tags
            """
        )
    }
}
