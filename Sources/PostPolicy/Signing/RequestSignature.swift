// SPDX-License-Identifier: Apache-2.0

internal import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The signature of SigV4 for a request to a service, in the field `Authorization` ("Create a signed AWS API request").
package enum RequestSignature {
    /// Returns the SHA-256 of bytes in lower-case hexadecimal.
    package static func sha256(_ bytes: [UInt8]) -> String {
        Hexadecimal.encode(DigestAlgorithm.sha256.hash(bytes).span)
    }

    /// Returns the value of `Authorization` of a request; nil if libcrypto fails.
    /// - Parameters:
    ///   - request: the method and the fields; `X-Amz-Date`, with the same date, and `X-Amz-Security-Token` are among them.
    ///   - path: as it is in the request.
    ///   - query: all parameters, encoded, in the order of their names.
    ///   - payload: the body.
    ///   - service: as in the credential scope, such as `sts`.
    package static func authorization(
        of request: CanonicalRequest, path: some StringProtocol, query: String = "", payload: [UInt8],
        credentials: SigningCredentials, region: String, service: String, at date: Date
    ) -> String? {
        let time = CivilTime(clamping: date)
        let day = time.yyyymmdd
        let scope = "\(day)/\(region)/\(service)/\(CredentialScope.terminator)"
        let text = stringToSign(
            request.text(path: path, query: query, payloadHash: sha256(payload)), scope: scope, date: time.iso8601Basic)
        let secret = credentials.secretAccessKey
        guard var code = SigningKey.v4Code(secret: secret, day: day, region: region, service: service) else { return nil }
        defer { code.wipe() }
        let signature = code.withSpan { HMACKey(.sha256, key: $0) }?.authenticationCode(of: Array(text.utf8).span)
        guard let signature else { return nil }
        return
            "\(PolicySigner.algorithm) Credential=\(credentials.accessKeyID)/\(scope), SignedHeaders=\(request.signedHeaders), "
            + "Signature=\(signature.hexadecimal)"
    }

    /// The text that is signed.
    /// - Parameters:
    ///   - request: the text of a canonical request.
    ///   - scope: the credential scope, from the day on.
    ///   - date: `X-Amz-Date`.
    static func stringToSign(_ request: String, scope: some StringProtocol, date: String) -> String {
        "\(PolicySigner.algorithm)\n\(date)\n\(scope)\n\(sha256(Array(request.utf8)))"
    }
}
