// SPDX-License-Identifier: Apache-2.0

/// Where the credentials of a tenant's store come from.
package enum CredentialOrigin: Sendable, Hashable {
    /// AWS's own order of providers.
    case standard
    /// `<PREFIX>_ACCESS_KEY_ID`, `<PREFIX>_SECRET_ACCESS_KEY`, `<PREFIX>_SESSION_TOKEN` of the environment.
    case environment(prefix: String)
}
