// SPDX-License-Identifier: Apache-2.0

/// Where the credentials that sign a tenant's tickets come from.
package enum CredentialSource: Sendable, Hashable {
    /// AWS's own chain: environment, shared files, web identity, container, instance.
    case `default`
    /// A profile of the shared AWS configuration.
    case profile(String)
    /// `<prefix>_ACCESS_KEY_ID`, `<prefix>_SECRET_ACCESS_KEY` and `<prefix>_SESSION_TOKEN` of the environment.
    case environment(prefix: String)
    /// A role assumed with the credentials of the default chain.
    case assumeRole(AssumeRole)
}
