// SPDX-License-Identifier: Apache-2.0

/// Where the credentials of a tenant's store come from. Tenants with equal sources share one set of credentials.
package enum CredentialSource: Sendable, Hashable, CustomStringConvertible {
    /// AWS's default chain of providers.
    case standard
    /// A profile of the shared AWS files.
    case profile(String)
    /// `<PREFIX>_ACCESS_KEY_ID`, `<PREFIX>_SECRET_ACCESS_KEY`, `<PREFIX>_SESSION_TOKEN` of the environment.
    case environment(prefix: String)
    /// A role, assumed with the credentials of ``standard``.
    case role(AssumedRole)

    /// The source's name in logs, `/readyz` and metrics, different for each source: `default`, `profile NAME`, `env PREFIX`, or
    /// `role ARN` with the session's name, the region and the external id.
    package var description: String {
        switch self {
        case .standard: "default"
        case .profile(let name): "profile \(name)"
        case .environment(let prefix): "env \(prefix)"
        case .role(let role):
            "role \(role.roleARN)" + (role.sessionName.map { " as \($0)" } ?? "") + (role.region.map { " in \($0)" } ?? "")
                // An external id is not a secret (IAM User Guide, "The confused deputy problem").
                + (role.externalID.map { " for \($0)" } ?? "")
        }
    }

    /// Returns the source as it is used in the given environment: if the environment names STS's region, a role has no separate
    /// region, so that tenants of all regions share one session.
    package func resolved(in environment: [String: String]) -> CredentialSource {
        guard case .role(var role) = self,
            ["AWS_REGION", "AWS_DEFAULT_REGION"].contains(where: { environment[$0]?.isEmpty == false })
        else { return self }
        role.region = nil
        return .role(role)
    }
}
