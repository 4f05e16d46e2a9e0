// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// A bucket of a tenant: the endpoint that takes uploads, and how tickets for it are signed.
///
/// A class, so that each rule holds a reference to its store. Two stores of a tenant are told apart by identity: they may have one
/// bucket and different credentials.
package final class Store: Sendable {
    /// The name under `stores`; nil for `store`.
    package let name: String?
    /// The upload URL and host.
    package let endpoint: StoreEndpoint
    /// SigV4, except for old S3-compatible stores.
    package let signature: SignatureVersion
    /// How files are uploaded.
    package let method: UploadMethod
    /// The longest policy that the store takes, in bytes of base64; nil if only the form is limited.
    package let maxPolicyBytes: Int?

    /// The bucket's name.
    package var bucket: String { endpoint.bucket }
    /// The region that is part of the signing scope.
    package var region: String { endpoint.region }

    package init(
        name: String? = nil, endpoint: StoreEndpoint, signature: SignatureVersion = .v4, method: UploadMethod = .post,
        maxPolicyBytes: Int? = nil
    ) {
        self.name = name
        self.endpoint = endpoint
        self.signature = signature
        self.method = method
        self.maxPolicyBytes = maxPolicyBytes
    }
}

/// How a file is uploaded. The raw values are the words of a rule file.
package enum UploadMethod: String, Sendable, Hashable, CaseIterable {
    /// A form with a signed policy (S3's POST Object).
    case post
    /// A presigned URL, for stores that have no form.
    case put
}
