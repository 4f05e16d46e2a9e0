// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What the store knows of an object in addition to its bytes; kept as JSON in a side file.
package struct ObjectRecord: Sendable, Codable, Equatable {
    package let bucket: String
    package let key: String
    /// In bytes.
    package let size: Int
    /// With its quotes, as the header has it.
    package let etag: String
    package let lastModified: Date
    /// The headers that a GET gives back: Content-Type, Content-Disposition, x-amz-meta-… with names in lower case.
    package let headers: [String: String]
    /// Other form fields that S3 would act on (acl, tagging, storage class…), so that a developer can see them. Not acted on here.
    package let remembered: [String: String]

    package init(
        bucket: String,
        key: String,
        size: Int,
        etag: String,
        lastModified: Date,
        headers: [String: String],
        remembered: [String: String] = [:]
    ) {
        self.bucket = bucket
        self.key = key
        self.size = size
        self.etag = etag
        self.lastModified = lastModified
        self.headers = headers
        self.remembered = remembered
    }
}
