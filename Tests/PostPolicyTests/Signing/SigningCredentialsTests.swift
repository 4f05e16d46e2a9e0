// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing

struct SigningCredentialsTests {
    @Test func `printing credentials shows neither the secret nor the token`() {
        struct Holder {
            let credentials = SigningCredentials(
                accessKeyID: "AKIACANARYID0000WXYZ", secretAccessKey: "secret-canary", sessionToken: "token-canary",
                expiration: Date(timeIntervalSince1970: 1))
            let list: [SigningCredentials]
        }
        let holder = Holder(list: [Sample.session])
        var dumped = ""
        dump(holder, to: &dumped)
        dump(holder.credentials, to: &dumped)
        let texts = [
            "\(holder)", "\(holder.credentials)", String(reflecting: holder), String(reflecting: holder.credentials), dumped,
            String(describing: Optional(holder.credentials)), "\(Mirror(reflecting: holder.credentials).children.map(\.value))",
        ]
        for text in texts {
            for secret in ["canary", "AKIACANARY", Sample.session.secretAccessKey, Sample.sessionToken] {
                #expect(!text.contains(secret))
            }
        }
        #expect("\(holder.credentials)" == "SigningCredentials(…WXYZ)")
    }

    @Test func `printing a signed form shows only the names of its fields`() throws {
        let form = try PolicySigner().sign(
            Sample.policy(key: "canary"), credentials: Sample.session, region: Sample.region, at: Sample.now)
        var dumped = ""
        dump([form], to: &dumped)
        for text in ["\(form)", String(reflecting: [form]), dumped] {
            #expect(text.contains("X-Amz-Signature"))
            for field in form.fields where field.name != "bucket" { #expect(!text.contains(field.value)) }
        }
    }
}
