// SPDX-License-Identifier: Apache-2.0

/// The role that is assumed to sign for one tenant.
package struct AssumeRole: Sendable, Hashable {
    /// `arn:<partition>:iam::<account>:role/<path and name>`.
    package let roleARN: String
    /// The external id that the role's trust policy asks for.
    package let externalID: String?
    /// Whether the session is narrowed to what the tenant's rules need (`sessionPolicy: fromRules`).
    package let sessionPolicyFromRules: Bool
}
