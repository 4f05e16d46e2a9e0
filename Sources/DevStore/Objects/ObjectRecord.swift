// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
