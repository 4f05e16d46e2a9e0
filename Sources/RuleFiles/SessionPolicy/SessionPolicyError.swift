// SPDX-License-Identifier: Apache-2.0

import UploadRules

/// The rules of a tenant need more than a session policy can hold.
struct SessionPolicyError: Error {
    let problem =
        "the session policy from these rules is longer than the \(SessionPolicy.maximumLength) characters that STS takes"
    static let advice = "begin the rules' keyPrefix with one common folder, or leave sessionPolicy out"
}
