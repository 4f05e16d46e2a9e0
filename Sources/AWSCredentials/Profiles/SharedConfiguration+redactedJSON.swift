// SPDX-License-Identifier: Apache-2.0

internal import WireFormats

extension SharedConfiguration {
    /// All profiles as JSON, `{"profiles":{"NAME":{"option":"value","option":{"name":"value"}}}}`, for comparison with what
    /// other tools read. A value is in it only under a name that never holds a secret, and only if it is one line: all
    /// others are the SHA-256 of their UTF-8 bytes in hexadecimal. So are names of over 64 bytes, which may be keys on a
    /// line of their own.
    package var redactedJSON: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("profiles")
        writer.beginObject()
        for (name, values) in profiles.sorted(by: { $0.key < $1.key }) {
            writer.key(name.text)
            writer.beginObject()
            for (option, value) in values.sorted(by: { $0.key < $1.key }) {
                writer.key(redacted(option))
                switch value {
                case .text(let text): writer.string(redacted(text, of: option))
                case .nested(let inner):
                    writer.beginObject()
                    for (option, text) in inner.sorted(by: { $0.key < $1.key }) {
                        writer.member(redacted(option), redacted(text, of: option))
                    }
                    writer.endObject()
                }
            }
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private static let publicOptions: Set<ExactString> = [
        "addressing_style", "aws_access_key_id", "aws_account_id", "ca_bundle", "cli_pager", "credential_source",
        "duration_seconds",
        "endpoint_url", "max_attempts", "mfa_serial", "output", "payload_signing_enabled", "region", "retry_mode", "role_arn",
        "role_session_name", "s3", "services", "signature_version", "source_profile", "sso_account_id", "sso_region",
        "sso_role_name", "sso_session", "sso_start_url", "sts_regional_endpoints", "web_identity_token_file",
    ]

    private func redacted(_ option: ExactString) -> String {
        option.text.utf8.count > 64 ? Self.digest(option.text) : option.text
    }

    private func redacted(_ value: String, of option: ExactString) -> String {
        let isPublic = Self.publicOptions.contains(option) && !value.utf8.contains(UInt8(ascii: "\n"))
        return isPublic ? value : Self.digest(value)
    }

    private static func digest(_ text: String) -> String {
        DigestAlgorithm.sha256.hash(text.utf8).hexadecimal
    }
}
