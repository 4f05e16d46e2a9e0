// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

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

extension ObjectRecord {
    /// Fields that come back as headers of the same name (S3, "POST Object", form fields).
    private static let headerFields = ["content-type", "content-disposition", "content-encoding", "cache-control", "expires"]

    /// Fields that have done their work when the file is stored.
    private static let spentFields = [
        "key", "bucket", "file", "policy", "signature", "awsaccesskeyid", "success_action_status", "success_action_redirect",
        "redirect",
    ]

    init(_ form: ReceivedForm, bucket: String, file: UploadFile.Summary, at date: Date) {
        var headers: [String: String] = [:]
        var remembered: [String: String] = [:]
        for field in form.fields {
            let name = field.name.asciiLowercased
            if Self.headerFields.contains(name) || name.utf8.starts(with: "x-amz-meta-".utf8) {
                headers[name] = field.value
            } else if !Self.spentFields.contains(name), !Self.isOfSignature(name) {
                remembered[name] = field.value
            }
        }
        self.init(
            bucket: bucket,
            key: form["key"] ?? "",
            size: file.size,
            etag: "\"\(file.md5)\"",
            lastModified: date,
            headers: headers,
            remembered: remembered
        )
    }

    /// None of these is kept: a side file must hold nothing that opens a door.
    private static func isOfSignature(_ name: String) -> Bool {
        ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"].contains(name)
            || name.utf8.starts(with: "x-ignore-".utf8)
    }
}
