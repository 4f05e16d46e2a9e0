// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormats

@testable import PostPolicy

/// The example that AWS publishes with its signature ("Examples: Browser-Based Upload using HTTP POST"). Its lines end in
/// CRLF, which the page says and most copies of it lose.
struct AWSVectorTests {
    private static let lines = [
        #"{ "expiration": "2015-12-30T12:00:00.000Z","#,
        #"  "conditions": ["#,
        #"    {"bucket": "sigv4examplebucket"},"#,
        #"    ["starts-with", "$key", "user/user1/"],"#,
        #"    {"acl": "public-read"},"#,
        #"    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},"#,
        #"    ["starts-with", "$Content-Type", "image/"],"#,
        #"    {"x-amz-meta-uuid": "14365123651274"},"#,
        #"    {"x-amz-server-side-encryption": "AES256"},"#,
        #"    ["starts-with", "$x-amz-meta-tag", ""],"#,
        #""#,
        #"    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},"#,
        #"    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},"#,
        #"    {"x-amz-date": "20151229T000000Z" }"#,
        #"  ]"#,
        #"}"#,
    ]

    static let policy = Array(lines.joined(separator: "\r\n").utf8)
    private static let policyWithLF = Array(lines.joined(separator: "\n").utf8)
    /// 2015-12-29T00:00:00Z
    static let date = Date(timeIntervalSince1970: 1_451_347_200)
    static let signature = "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"

    @Test func `AWS's policy has the published bytes`() {
        #expect(Self.policy.count == 648)
        #expect(Base64.encode(Self.policy.span).utf8.count == 864)
        #expect(
            Base64.encode(Self.policy.span).hasPrefix(
                "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAg"))
        #expect(sha256(Self.policy) == "bdbc873103bd66b82f3a98478e5938ca1c7d8204563309232bdd4b1bbdcf74fb")
        #expect(Base64.decode(Base64.encode(Self.policy.span)) == Self.policy)
    }

    @Test func `the signing key is AWS's`() throws {
        let code = try #require(
            SigningKey.v4Code(secret: Sample.credentials.secretAccessKey, day: "20151229", region: "us-east-1"))
        #expect(code.hexadecimal == "cbcef1ebeaefc82cce6530b9f0a9ae598846065f5c5bae0674bd5ebc4ba52d28")
    }

    @Test func `the signature is AWS's`() throws {
        #expect(try sign(Self.policy) == Self.signature)
    }

    @Test func `the same policy with LF has another signature`() throws {
        #expect(Self.policyWithLF.count == 633)
        #expect(try sign(Self.policyWithLF).hasPrefix("86aaafed"))
    }

    private func sign(_ policy: [UInt8]) throws -> String {
        try PolicySigner().signature(
            ofPolicy: Base64.encode(policy.span), version: .v4, credentials: Sample.credentials, region: "us-east-1",
            at: Self.date)
    }
}
