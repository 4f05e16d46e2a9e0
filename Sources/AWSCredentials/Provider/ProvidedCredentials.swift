// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// Credentials, and who gave them. Printing shows no secret.
package struct ProvidedCredentials: Sendable, CustomStringConvertible {
    package let credentials: SigningCredentials
    /// For operators: `environment`, `profile acme`, `web identity`, `container`, `instance metadata`, or one of them with
    /// `, role arn:…` where a role was assumed.
    package let provider: String

    package init(credentials: SigningCredentials, provider: String) {
        self.credentials = credentials
        self.provider = provider
    }

    package var description: String { "\(credentials) of \(provider)" }
}
