// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import TenantRules

extension Tenant {
    /// Where AWSCredentials finds what the rule file names.
    package var credentialOrigin: CredentialOrigin {
        switch store.credentials {
        case .default: return .standard
        case .profile(let name): return .profile(name)
        case .environment(let prefix): return .environment(prefix: prefix)
        case .assumeRole(let role):
            return .role(
                AssumedRole(
                    roleARN: role.roleARN,
                    externalID: role.externalID,
                    // A session that is narrowed to a tenant bears its name in the logs of AWS.
                    sessionName: sessionPolicy == nil ? nil : String("postern-\(id)".prefix(64)),
                    sessionPolicy: sessionPolicy,
                    region: store.region
                )
            )
        }
    }
}
