// SPDX-License-Identifier: Apache-2.0

/// Where the credentials of a tenant's store come from. Two tenants with equal origins share one set of credentials.
package enum CredentialSource: Sendable, Hashable, CustomStringConvertible {
    /// AWS's own order of providers.
    case standard
    /// A profile of the shared AWS files.
    case profile(String)
    /// `<PREFIX>_ACCESS_KEY_ID`, `<PREFIX>_SECRET_ACCESS_KEY`, `<PREFIX>_SESSION_TOKEN` of the environment.
    case environment(prefix: String)
    /// A role that is assumed with the credentials of ``standard``.
    indirect case role(AssumedRole)

    /// For operators, in logs, `/readyz` and metrics, another one for each origin: `default`, `profile NAME`, `env PREFIX`,
    /// `role ARN`, and for a role what sets it apart: the session's name, the region, the external id.
    package var description: String {
        switch self {
        case .standard: "default"
        case .profile(let name): "profile \(name)"
        case .environment(let prefix): "env \(prefix)"
        case .role(let role):
            "role \(role.roleARN)" + (role.sessionName.map { " as \($0)" } ?? "") + (role.region.map { " in \($0)" } ?? "")
                // No secret (IAM User Guide, "The confused deputy problem").
                + (role.externalID.map { " for \($0)" } ?? "")
        }
    }

    /// The origin as it is where the environment is this one: where it names STS's region, a role has none, so that tenants of all
    /// regions share its session.
    package func resolved(in environment: [String: String]) -> CredentialSource {
        guard case .role(var role) = self,
            ["AWS_REGION", "AWS_DEFAULT_REGION"].contains(where: { environment[$0]?.isEmpty == false })
        else { return self }
        role.region = nil
        return .role(role)
    }
}
