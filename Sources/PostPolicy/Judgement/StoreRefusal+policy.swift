// SPDX-License-Identifier: Apache-2.0

/// What S3 says of policies and of forms that a policy does not allow. The messages are S3's own, as clients have recorded
/// them; no page of AWS lists them.
extension StoreRefusal {
    static let policyExpired = accordingToPolicy("Policy expired.")

    static func conditionFailed(_ condition: String) -> StoreRefusal {
        accordingToPolicy("Policy Condition failed: \(condition)")
    }

    static func extraField(_ name: String) -> StoreRefusal {
        accordingToPolicy("Extra input fields: \(name)")
    }

    static func invalidPolicy(_ reason: String) -> StoreRefusal {
        StoreRefusal(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: \(reason)")
    }

    static let invalidPolicyJSON = invalidPolicy("Invalid JSON.")

    static func tooLarge(_ size: Int, maximum: Int) -> StoreRefusal {
        StoreRefusal(
            status: 400, code: "EntityTooLarge", message: "Your proposed upload exceeds the maximum allowed size",
            details: [.init(name: "ProposedSize", value: "\(size)"), .init(name: "MaxSizeAllowed", value: "\(maximum)")]
        )
    }

    static func tooSmall(_ size: Int, minimum: Int) -> StoreRefusal {
        StoreRefusal(
            status: 400, code: "EntityTooSmall", message: "Your proposed upload is smaller than the minimum allowed size",
            details: [.init(name: "ProposedSize", value: "\(size)"), .init(name: "MinSizeAllowed", value: "\(minimum)")]
        )
    }

    private static func accordingToPolicy(_ reason: String) -> StoreRefusal {
        StoreRefusal(status: 403, code: "AccessDenied", message: "Invalid according to Policy: \(reason)")
    }
}
