// SPDX-License-Identifier: Apache-2.0

internal import WireFormats

/// The computation of SigV4 for a request to a service ("Create a signed AWS API request"); what is signed is the
/// caller's to write.
package enum RequestSignature {
    /// The signature of a string to sign, in lower-case hexadecimal; nil where libcrypto fails.
    /// - Parameters:
    ///   - secret: the secret access key
    ///   - day: `20260101`
    ///   - service: as it stands in the credential scope, such as `sts`
    package static func signature(
        of stringToSign: String, secret: String, day: String, region: String, service: String
    ) -> String? {
        guard var code = SigningKey.v4Code(secret: secret, day: day, region: region, service: service) else { return nil }
        defer { code.wipe() }
        return code.withSpan { HMACKey(.sha256, key: $0) }?.messageCode(of: Array(stringToSign.utf8).span)?.hexadecimal
    }
}
