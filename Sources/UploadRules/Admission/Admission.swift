// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// A request that the rule admits: everything the policy is made of, but the store's credentials and the instant.
package struct Admission: Sendable {
    /// The rule's name.
    package let rule: String
    /// The whole key, chosen by the server; lies in the tenant's prefix.
    package let key: String
    /// The normalised content type, as the `Content-Type` field carries it.
    package let contentType: String
    /// The accepted size of the file in bytes; `size...size` where the request declared one.
    package let sizes: ClosedRange<Int>
    /// The fields after `key` and `bucket`, in the order of the form: `Content-Type`, `acl`, … `success_action_status`.
    package let fields: [FormField]

    /// The policy of this upload.
    ///
    /// - Throws: `PolicyError`; an admission of a loaded rule gives it no cause.
    package func policy(for store: StoreEndpoint, expiration: Date) throws(PolicyError) -> UploadPolicy {
        var policy = try UploadPolicy(store: store, key: key, contentLength: sizes, expiration: expiration)
        for field in fields {
            try policy.add(field.name, field.value)
        }
        return policy
    }
}
