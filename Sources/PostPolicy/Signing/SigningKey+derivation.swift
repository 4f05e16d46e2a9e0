// SPDX-License-Identifier: Apache-2.0

internal import COpenSSL
internal import WireFormats

extension SigningKey {
    /// Makes the key of SigV4 for one day, one region and S3 ready to sign.
    static func v4(_ credentials: SigningCredentials, day: String, region: String) -> SigningKey? {
        guard var code = v4Code(secret: credentials.secretAccessKey, day: day, region: region) else { return nil }
        defer { code.wipe() }
        let credential = "\(credentials.accessKeyID)/\(day)/\(region)/\(CredentialScope.service)/\(CredentialScope.terminator)"
        return code.withSpan { HMACKey(.sha256, key: $0) }.map { SigningKey(key: $0, credential: credential) }
    }

    /// Makes the key of SigV2 ready to sign: the secret itself.
    static func v2(_ credentials: SigningCredentials) -> SigningKey? {
        withWipedBytes(of: "", credentials.secretAccessKey) { HMACKey(.sha1, key: $0) }
            .map { SigningKey(key: $0, credential: "") }
    }

    /// The raw key of SigV4 ("Create a signed AWS API request", "Calculate the signature"): HMAC over day, region, service
    /// and terminator, each under the code before it, the first under `AWS4` + secret. The caller wipes it.
    static func v4Code(
        secret: String, day: String, region: String, service: String = CredentialScope.service
    ) -> MessageCode? {
        guard var code = withWipedBytes(of: "AWS4", secret, { authenticate(day, under: $0) }) else { return nil }
        for part in [region, service, CredentialScope.terminator] {
            let next = code.withSpan { authenticate(part, under: $0) }
            code.wipe()
            guard let next else { return nil }
            code = next
        }
        return code
    }

    private static func authenticate(_ part: String, under key: Span<UInt8>) -> MessageCode? {
        HMACKey(.sha256, key: key)?.messageCode(of: Array(part.utf8).span)
    }

    /// Copies a prefix and a secret into bytes that are wiped after the call. (The `String` itself cannot be wiped.)
    private static func withWipedBytes<Result>(
        of prefix: String, _ secret: String, _ use: (Span<UInt8>) -> Result?
    ) -> Result? {
        // Made in its full size: growing would leave copies behind.
        var bytes = [UInt8](repeating: 0, count: prefix.utf8.count + secret.utf8.count)
        for (index, byte) in prefix.utf8.enumerated() { bytes[index] = byte }
        for (index, byte) in secret.utf8.enumerated() { bytes[prefix.utf8.count + index] = byte }
        defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
        return use(bytes.span)
    }
}
