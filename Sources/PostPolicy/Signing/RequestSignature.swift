// SPDX-License-Identifier: Apache-2.0

internal import WireFormats

/// The two computations of SigV4 for a request to a service ("Create a signed AWS API request"). The caller writes the string
/// to sign.
package enum RequestSignature {
    /// Returns the SHA-256 of bytes in lower-case hexadecimal.
    package static func sha256(_ bytes: [UInt8]) -> String {
        Hexadecimal.encode(DigestAlgorithm.sha256.hash(bytes).span)
    }

    /// Returns the signature of a string to sign, in lower-case hexadecimal; nil if libcrypto fails.
    /// - Parameters:
    ///   - secret: the secret access key
    ///   - day: `20260101`
    ///   - service: as in the credential scope, such as `sts`
    package static func signature(
        of stringToSign: String, secret: String, day: String, region: String, service: String
    ) -> String? {
        guard var code = SigningKey.v4Code(secret: secret, day: day, region: region, service: service) else { return nil }
        defer { code.wipe() }
        return code.withSpan { HMACKey(.sha256, key: $0) }?.authenticationCode(of: Array(stringToSign.utf8).span)?.hexadecimal
    }
}
