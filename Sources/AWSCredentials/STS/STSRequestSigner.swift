// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Signs requests to STS with SigV4 in the header ("Create a signed AWS API request").
enum STSRequestSigner {
    static let contentType = "application/x-www-form-urlencoded; charset=utf-8"

    /// All headers of a signed request, `Authorization` last.
    static func headers(
        _ form: STSForm, to endpoint: STSEndpoint, signedBy credentials: SigningCredentials, at date: Date
    ) throws(CredentialError) -> [(name: String, value: String)] {
        let time = date.iso8601Basic
        let day = date.yyyymmdd
        // In the order of their names, as they are signed.
        var headers = [
            (name: "content-type", value: contentType), (name: "host", value: endpoint.host), (name: "x-amz-date", value: time),
        ]
        if let token = credentials.sessionToken { headers.append((name: "x-amz-security-token", value: token)) }

        let names = headers.map(\.name).joined(separator: ";")
        let lines = headers.map { "\($0.name):\($0.value)\n" }.joined()
        let bodyHash = DigestAlgorithm.sha256.hash(form.body).hexadecimal
        let request = "POST\n\(endpoint.path)\n\n\(lines)\n\(names)\n\(bodyHash)"
        let scope = "\(day)/\(endpoint.region)/sts/aws4_request"
        let requestHash = DigestAlgorithm.sha256.hash(request.utf8).hexadecimal
        guard
            let signature = RequestSignature.signature(
                of: "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(requestHash)",
                secret: credentials.secretAccessKey, day: day, region: endpoint.region, service: "sts")
        else { throw .unavailable("a request to STS could not be signed") }
        let authorization =
            "AWS4-HMAC-SHA256 Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(names), Signature=\(signature)"
        return headers + [(name: "authorization", value: authorization)]
    }
}
