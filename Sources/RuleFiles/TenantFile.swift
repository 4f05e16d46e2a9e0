// SPDX-License-Identifier: Apache-2.0

package import AWSCredentials
package import UploadRules
package import UserAuth

/// What a tenant's file says: the tenant, who may ask for its tickets, and what signs them.
package struct TenantFile: Sendable {
    package let tenant: Tenant
    /// The issuers that belong to this tenant alone.
    package let issuers: [Issuer]
    /// The keys of back ends that ask on a user's behalf.
    package let apiKeys: [APIKeyRecord]
    /// Where the credentials that sign its tickets come from.
    package let credentials: CredentialSource
}
