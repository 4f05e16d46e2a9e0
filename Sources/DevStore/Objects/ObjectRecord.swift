// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The metadata of an object, stored as JSON in a separate file.
package struct ObjectRecord: Sendable, Codable, Equatable {
    package let bucket: String
    package let key: String
    /// In bytes.
    package let size: Int
    /// The value of the header field, with its quotes.
    package let etag: String
    package let lastModified: Date
    /// The header fields that a GET returns, such as content-type and x-amz-meta-…, with names in lower case.
    package let headers: [String: String]
    /// Other form fields, such as acl and tagging, for developers to inspect. The store ignores them.
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
    /// The form fields that a GET returns as header fields (S3, "POST Object", form fields).
    private static let headerFields = ["content-type", "content-disposition", "content-encoding", "cache-control", "expires"]

    /// The form fields that are about the upload itself, and are not stored.
    private static let uploadFields = [
        "key", "bucket", "file", "policy", "signature", "awsaccesskeyid", "success_action_status", "success_action_redirect",
        "redirect",
    ]

    init(_ form: ReceivedForm, bucket: String, file: UploadFile.Summary, keepsMetadata: Bool = true, at date: Date) {
        var headers: [String: String] = [:]
        var remembered: [String: String] = [:]
        for field in form.fields {
            let name = field.name.asciiLowercased
            if !keepsMetadata, name.utf8.starts(with: "x-amz-meta-".utf8) { continue }
            if Self.headerFields.contains(name) || name.utf8.starts(with: "x-amz-meta-".utf8) {
                headers[name] = field.value
            } else if !Self.uploadFields.contains(name), !Self.isSignatureField(name) {
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

    /// Whether a field is part of the signature. These are not stored, because they are credentials.
    private static func isSignatureField(_ name: String) -> Bool {
        ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature", "x-amz-security-token"].contains(name)
            || name.utf8.starts(with: "x-ignore-".utf8)
    }
}
