// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

@testable import UploadRules

/// What a rule signs whose store takes no form.
struct PutAdmissionTests {
    private static let sum = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg="

    private func upload(
        _ storage: StorageSettings, _ request: UploadRequest, _ disposition: DispositionType? = nil
    ) throws -> PutUpload {
        let store = Store(
            endpoint: try StoreEndpoint(bucket: "acme", region: "r", endpoint: "https://s3.example.net"), method: .put)
        let rule = try UploadRule.sample(store: store, storage: storage, contentDisposition: disposition)
        let admission = try rule.admit(
            request, uploader: Uploader(tenant: "acme", user: "u1", scopes: []), uuid: "0193", at: .newYear2026)
        return try admission.putUpload(to: store.endpoint, expiration: .newYear2026 + 300)
    }

    @Test func `every setting of a rule is a header field`() throws {
        let upload = try upload(
            .sample(
                acl: "private",
                storageClass: "STANDARD_IA",
                encryption: .kms(type: "aws:kms", keyID: "alias/uploads", bucketKey: true),
                tags: [Tag(key: "kind", value: "avatar"), Tag(key: "owner", value: "team a")],
                metadata: MetadataRule(
                    fixed: [FormField(name: "x-amz-meta-source", value: "web")], allowed: ["album"]),
                cacheControl: "public,  max-age=60",
                contentEncoding: "gzip",
                contentLanguage: "de",
                mustBeNew: true,
                method: .put),
            UploadRequest(
                filename: "Me.png", contentType: "image/png", size: 7, checksum: RequestedChecksum(sha256: Self.sum),
                metadata: [("album", "Été")]),
            .attachment)
        let headers = [
            ("Content-Type", "image/png"), ("x-amz-acl", "private"), ("If-None-Match", "*"),
            ("Cache-Control", "public, max-age=60"), ("Content-Encoding", "gzip"), ("Content-Language", "de"),
            ("Content-Disposition", "attachment; filename=\"Me.png\"; filename*=UTF-8''Me.png"),
            ("x-amz-tagging", "kind=avatar&owner=team%20a"), ("x-amz-storage-class", "STANDARD_IA"),
            ("x-amz-server-side-encryption", "aws:kms"), ("x-amz-server-side-encryption-aws-kms-key-id", "alias/uploads"),
            ("x-amz-server-side-encryption-bucket-key-enabled", "true"), ("x-amz-meta-source", "web"),
            ("x-amz-meta-album", "=?UTF-8?B?w4l0w6k=?="), ("x-amz-checksum-sha256", Self.sum),
        ]
        #expect(upload.headers.map { "\($0.name)=\($0.value)" } == headers.map { "\($0)=\($1)" })
        #expect(upload.key == "avatars/u1/0193.png" && upload.contentLength == 7)
    }

    @Test func `a rule with only defaults signs the type, and needs the size`() throws {
        let smallest = try upload(.sample(method: .put), UploadRequest(contentType: "image/png", size: 1))
        #expect(smallest.headers == [HeaderField(name: "Content-Type", value: "image/png")])
        #expect(throws: Refusal.sizeRequired) {
            try upload(.sample(method: .put), UploadRequest(contentType: "image/png"))
        }
    }
}
