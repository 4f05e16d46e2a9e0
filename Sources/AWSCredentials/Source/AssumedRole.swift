// SPDX-License-Identifier: Apache-2.0

/// What STS is asked for when a role is assumed for tenants (`AssumeRole` of AWS Security Token Service).
package struct AssumedRole: Sendable, Hashable {
    /// `arn:<partition>:iam::<account>:role/<path and name>`.
    package let roleARN: String
    /// The external id that the role's trust policy asks for.
    package let externalID: String?
    /// The name of the session in the logs of AWS, 2 to 64 of `[A-Za-z0-9_+=,.@-]`; nil for one that Postern makes up. Two roles
    /// that differ in the session policy have different names.
    package var sessionName: String?
    /// A policy that narrows the session, as JSON; at most 2048 characters.
    package var sessionPolicy: String?
    /// The region whose STS is asked where neither the environment, a profile nor an endpoint says it.
    package var region: String?

    package init(roleARN: String, externalID: String?, sessionName: String?, sessionPolicy: String?, region: String?) {
        self.roleARN = roleARN
        self.externalID = externalID
        self.sessionName = sessionName
        self.sessionPolicy = sessionPolicy
        self.region = region
    }
}
