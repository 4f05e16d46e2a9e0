// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import UploadRules

/// The policy of `sessionPolicy: fromRules`, which limits an assumed role to what a tenant's rules need: with a stolen session
/// one can put objects under the prefixes of the rules, and do nothing else. (A session cannot limit size, type and user; each
/// ticket does.)
struct SessionPolicy {
    /// The most characters of a session policy ("AssumeRole", `Policy`, AWS Security Token Service API Reference).
    static let maximumLength = 2048

    private let permissions: UploadPermissions

    /// - Parameter role: its ARN says which partition of AWS the bucket is in
    init(role: AssumedRole, bucket: String, rules: [UploadRule]) {
        let partition = RoleARN(role.roleARN)?.partition ?? "aws"
        permissions = UploadPermissions(buckets: [.init(bucket, in: partition, rules: rules)])
    }

    /// Returns compact JSON in ASCII. If patterns with every placeholder make it too long for STS, the patterns end at the first
    /// placeholder of each rule, and `isWidened` is true.
    func text() throws(SessionPolicyError) -> (text: String, isWidened: Bool) {
        for pattern in [ResourcePattern.exact, .beginning] {
            let text = IAMPolicy(statements: permissions.statements(pattern)).text
            if text.utf8.count <= Self.maximumLength { return (text, pattern == .beginning) }
        }
        throw SessionPolicyError()
    }
}

/// The rules of a tenant need more than a session policy can hold.
struct SessionPolicyError: Error {
    let problem =
        "the session policy from these rules is longer than the \(SessionPolicy.maximumLength) characters that STS takes"
    static let advice = "begin the rules' keyPrefix with one common folder, or leave sessionPolicy out"
}
