// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing

/// The code of the library's article, so that it keeps compiling and working.
struct DocumentationTests {
    private let signer = PolicySigner()

    private func ticket(for user: String, credentials: SigningCredentials) throws -> (url: String, fields: [FormField]) {
        let now = Date()
        let store = try StoreEndpoint(bucket: "acme-uploads", region: "eu-west-1")

        var policy = try UploadPolicy(
            bucket: store.bucket, key: "avatars/\(user)/\(UUID().uuidString).png", contentLength: 1...5_242_880,
            expiration: now + 300)
        try policy.add("Content-Type", "image/png")
        try policy.add("success_action_status", "201")

        let form = try signer.sign(policy, credentials: credentials, region: store.region, at: now)
        return (store.url, form.fields)
    }

    @Test func `the article's example makes a ticket that the evaluator accepts for that file size only`() throws {
        let credentials = Sample.credentials
        let (url, fields) = try ticket(for: "u1", credentials: credentials)
        #expect(url == "https://acme-uploads.s3.eu-west-1.amazonaws.com/")
        func refusal(fileSize: Int) -> StoreError? {
            PolicyEvaluator(region: "eu-west-1").evaluate(
                form: fields, filename: "me.png", fileSize: fileSize, bucket: "acme-uploads", at: Date()
            ) { accessKeyID in accessKeyID == credentials.accessKeyID ? credentials : nil }
        }
        #expect(refusal(fileSize: 48_213) == nil)
        #expect(
            refusal(fileSize: 5_242_881)?.description
                == "400 EntityTooLarge: Your proposed upload exceeds the maximum allowed size")
    }
}
