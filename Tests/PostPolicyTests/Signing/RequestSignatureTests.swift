// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PostPolicy

struct RequestSignatureTests {
    /// 2013-05-24T00:00:00Z
    private static let date = Date(timeIntervalSince1970: 1_369_353_600)

    /// "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk (AWS Signature Version 4)", S3 API
    /// reference, examples.
    @Test(arguments: [
        ("GET", "/test.txt", "", "", ["range": "bytes=0-9"], "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("GET", "/", "lifecycle=", "", [:], "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", "/", "max-keys=2&prefix=J", "", [:], "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        (
            "PUT", "/test%24file.text", "", "Welcome to Amazon S3.",
            ["date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"],
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
    ])
    func `AWS's published examples have their signatures`(
        method: String, path: String, query: String, body: String, further: [String: String], signature: String
    ) {
        let payload = Array(body.utf8)
        var headers = further.map { HeaderField(name: $0, value: $1) }
        headers.append(HeaderField(name: "Host", value: "examplebucket.s3.amazonaws.com"))
        headers.append(HeaderField(name: "X-Amz-Content-SHA256", value: RequestSignature.sha256(payload)))
        headers.append(HeaderField(name: "X-Amz-Date", value: "20130524T000000Z"))
        let names = headers.map { $0.name.lowercased() }.sorted().joined(separator: ";")
        let authorization = RequestSignature.authorization(
            of: CanonicalRequest(method: method, headers: headers), path: path, query: query, payload: payload,
            credentials: Sample.credentials, region: "us-east-1", service: "s3", at: Self.date)
        #expect(
            authorization
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=\(names), "
                + "Signature=\(signature)")
    }
}
