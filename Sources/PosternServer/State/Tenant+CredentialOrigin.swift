// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import TenantRules

extension Tenant {
    /// Where AWSCredentials finds what the rule file names.
    /// - Parameter environment: the process's; where it names STS's region, tenants of all regions share a role's session
    package func credentialOrigin(_ environment: [String: String]) -> CredentialOrigin {
        switch store.credentials {
        case .default: return .standard
        case .profile(let name): return .profile(name)
        case .environment(let prefix): return .environment(prefix: prefix)
        case .assumeRole(let role):
            let namesRegion = ["AWS_REGION", "AWS_DEFAULT_REGION"].contains { environment[$0]?.isEmpty == false }
            return .role(
                AssumedRole(
                    roleARN: role.roleARN,
                    externalID: role.externalID,
                    // A session that is narrowed to the tenant bears its name in the logs of AWS.
                    sessionName: sessionPolicy == nil ? nil : sessionName,
                    sessionPolicy: sessionPolicy,
                    region: namesRegion ? nil : store.region
                )
            )
        }
    }

    /// `postern-<tenant>`, or the tenant's id alone where that would be over the 64 characters that STS takes: an id has 63 at most.
    private var sessionName: String {
        let name = "postern-\(id)"
        return name.utf8.count <= 64 ? name : id
    }
}
