// SPDX-License-Identifier: Apache-2.0

package import PostPolicy

/// A tenant's bucket, the endpoint its uploads go to, and how tickets for it are signed.
package struct Store: Sendable, Hashable {
    /// The upload URL and host.
    package let endpoint: StoreEndpoint
    /// SigV4, except for old S3-compatible stores.
    package let signature: SignatureVersion

    /// The bucket's name.
    package var bucket: String { endpoint.bucket }
    /// The region that is part of the signing scope.
    package var region: String { endpoint.region }

    package init(endpoint: StoreEndpoint, signature: SignatureVersion) {
        self.endpoint = endpoint
        self.signature = signature
    }
}
