// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing

struct RefusalTests {
    private let store: TestStore
    private let file = Array("hello".utf8)

    init() throws {
        store = try TestStore()
    }

    /// Posts, and expects S3's error and that nothing stays on disk.
    private func expect(
        _ status: Int,
        _ code: String,
        _ message: String? = nil,
        _ form: [FormField],
        file: [UInt8]? = nil,
        to path: String = "/bucket/",
        at date: Date = TestStore.now,
        details: [String: String] = [:],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let body = FormBody(form, file: file ?? self.file)
        try await store.run(at: date) { client in
            let response = try await client.post(body, to: path)
            #expect(response.status == status, sourceLocation: sourceLocation)
            #expect(response.header("Content-Type") == "application/xml", sourceLocation: sourceLocation)
            #expect(response.element("Code") == code, sourceLocation: sourceLocation)
            if let message { #expect(response.element("Message") == message, sourceLocation: sourceLocation) }
            for (name, value) in details { #expect(response.element(name) == value, sourceLocation: sourceLocation) }
            let id = try #require(response.element("RequestId"))
            #expect(response.header("x-amz-request-id") == id, sourceLocation: sourceLocation)
        }
        #expect(store.place.files().isEmpty, sourceLocation: sourceLocation)
    }

    @Test func `a file one byte larger than the policy allows is refused`() async throws {
        try await expect(
            400,
            "EntityTooLarge",
            "Your proposed upload exceeds the maximum allowed size",
            store.form(sizes: 1...4),
            details: ["ProposedSize": "5", "MaxSizeAllowed": "4"]
        )
    }

    @Test func `a file smaller than the policy allows is refused`() async throws {
        try await expect(
            400, "EntityTooSmall", nil, store.form(sizes: 6...9), details: ["ProposedSize": "5", "MinSizeAllowed": "6"])
        try await expect(400, "EntityTooSmall", nil, store.form(sizes: 1...9), file: [])
    }

    @Test func `an upload after the policy's expiration is refused`() async throws {
        let message = "Invalid according to Policy: Policy expired."
        try await expect(403, "AccessDenied", message, store.form(), at: TestStore.now + 300)
    }

    @Test func `another Content-Type, key or bucket and an extra field are refused`() async throws {
        let form = try store.form()
        let failed = "Invalid according to Policy: Policy Condition failed: "
        try await expect(
            403, "AccessDenied", failed + "[\"eq\", \"$Content-Type\", \"image/png\"]", form.setting("Content-Type", "text/html"))
        try await expect(
            403, "AccessDenied", failed + "[\"eq\", \"$key\", \"images/u1/me.png\"]", form.setting("key", "images/u2/me.png"))
        try await expect(403, "AccessDenied", failed + "[\"eq\", \"$bucket\", \"bucket\"]", form, to: "/other-bucket/")
        try await expect(
            403, "AccessDenied", "Invalid according to Policy: Extra input fields: acl", form.setting("acl", "public-read"))
    }

    @Test func `a changed policy, a changed signature and another signer are refused`() async throws {
        let form = try store.form()
        let stranger = SigningCredentials(accessKeyID: "STRANGER", secretAccessKey: "x")
        let forger = SigningCredentials(accessKeyID: TestStore.credentials.accessKeyID, secretAccessKey: "x")
        try await expect(403, "SignatureDoesNotMatch", nil, form.setting("X-Amz-Signature", String(repeating: "0", count: 64)))
        try await expect(403, "SignatureDoesNotMatch", nil, form.setting("Policy", form.value("Policy") + "AAAA"))
        try await expect(403, "SignatureDoesNotMatch", nil, store.form(credentials: forger))
        try await expect(403, "InvalidAccessKeyId", nil, store.form(credentials: stranger))
        try await expect(403, "SignatureDoesNotMatch", nil, store.form(version: .v2).setting("signature", "AAAA"))
    }

    @Test(arguments: ["key", "Policy", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date"])
    func `a form without a field of its policy is refused`(name: String) async throws {
        try await expect(400, "InvalidArgument", nil, store.form().removing(name), details: ["ArgumentName": name])
    }

    @Test func `an anonymous form, an invalid policy and a key that is too long are refused`() async throws {
        try await expect(403, "AccessDenied", nil, [FormField(name: "key", value: "a")])
        try await expect(400, "InvalidPolicyDocument", nil, store.form(policyJSON: "{", [FormField(name: "key", value: "a")]))
        try await expect(400, "KeyTooLongError", nil, store.form().setting("key", String(repeating: "k", count: 1025)))
    }

    @Test func `an unknown bucket is refused`() async throws {
        try await expect(404, "NoSuchBucket", nil, store.form(), to: "/elsewhere/")
        try await expect(404, "NoSuchBucket", nil, store.form(), to: "/.postern/")
        try await expect(404, "NoSuchBucket", nil, store.form(), to: "/..%2F/")
    }

    @Test func `more than 20 KiB before the file are refused: in one field, in 10,000 or in a head`() async throws {
        try await expect(
            400,
            "MaxPostPreDataLengthExceeded",
            "Your POST request fields preceding the upload file were too large.",
            store.form().setting("x-ignore-a", String(repeating: "a", count: 20_000))
        )
        let many = try store.form() + (0..<10_000).map { FormField(name: "x-ignore-\($0)", value: "") }
        try await expect(400, "MaxPostPreDataLengthExceeded", nil, many)
        let head = FormField(name: "x-ignore-" + String(repeating: "a", count: 9000), value: "")
        try await expect(400, "MalformedPOSTRequest", nil, [head])
    }

    @Test func `a form without a file or an end, with a NUL in a name, and a body that is no form are refused`() async throws {
        var noFile = FormBody()
        noFile.add(FormField(name: "key", value: "a"))
        noFile.close()
        let whole = FormBody(try store.form(), file: file)
        let bodies: [([UInt8], String, Int, String)] = [
            (noFile.bytes, FormBody.contentType, 400, "InvalidArgument"),
            (Array(whole.bytes.dropLast(30)), FormBody.contentType, 400, "MalformedPOSTRequest"),
            ([], FormBody.contentType, 400, "MalformedPOSTRequest"),
            (FormBody([FormField(name: "a\0b", value: "")], file: file).bytes, FormBody.contentType, 400, "MalformedPOSTRequest"),
            (whole.bytes, "multipart/form-data", 412, "PreconditionFailed"),
            (whole.bytes, "application/x-www-form-urlencoded", 412, "PreconditionFailed"),
            (whole.bytes, "multipart/form-data; boundary=other", 400, "MalformedPOSTRequest"),
        ]
        try await store.run { client in
            for (bytes, contentType, status, code) in bodies {
                let response = try await client.execute("POST", "/bucket/", contentType: contentType, body: bytes)
                #expect(response.status == status)
                #expect(response.element("Code") == code)
            }
        }
        #expect(store.place.files().isEmpty)
    }

    @Test func `no secret is logged for any upload`() async throws {
        let form = try store.form(sizes: 1...4)
        try await expect(400, "EntityTooLarge", nil, form)
        try await expect(403, "AccessDenied", nil, form.setting("acl", "x"))
        try await expect(
            403, "SignatureDoesNotMatch", nil, form.setting("key", "x").setting("X-Amz-Signature", "canary-signature"))
        let accepted = try store.form()
        try await store.run { client in
            let response = try await client.post(FormBody(accepted, file: file))
            #expect(response.status == 204)
        }
        let log = store.log.text
        #expect(log.contains("refused") && log.contains("stored"))
        for canary in [
            "canary", form.value("Policy"), form.value("X-Amz-Signature"), accepted.value("Policy"),
            accepted.value("X-Amz-Signature"),
        ] {
            #expect(!log.contains(canary))
        }
        let records = store.place.files().compactMap { store.place.content($0) }.map { String(decoding: $0, as: UTF8.self) }
        #expect(records.contains { $0.contains("images/u1/me.png") })
        #expect(!records.contains { $0.contains(accepted.value("Policy")) || $0.contains(accepted.value("X-Amz-Signature")) })
    }
}
