// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import ArgumentParser
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `profiles`: what the shared AWS files say.
struct Profiles: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print what shared AWS files say, secrets as digests.",
        discussion: #"Answers {"profiles": {…}}, or {"error": "configuration"} where a file is broken."#
    )

    @Option(help: ArgumentHelp("The config file.", valueName: "file"))
    var configFile: String

    @Option(help: ArgumentHelp("The credentials file.", valueName: "file"))
    var credentialsFile: String

    func run() throws {
        var variables = ProcessInfo.processInfo.environment
        variables["AWS_CONFIG_FILE"] = configFile
        variables["AWS_SHARED_CREDENTIALS_FILE"] = credentialsFile
        let home = FileManager.default.homeDirectoryForCurrentUser.path
        do throws(CredentialError) {
            let configuration = try SharedConfiguration.load(variables: variables, home: home) { path throws(CredentialError) in
                FileManager.default.contents(atPath: path).map { Array($0) }
            }
            print(configuration.redactedJSON)
        } catch {
            print(#"{"error":"configuration"}"#)
        }
    }
}

extension SharedConfiguration {
    /// All profiles as JSON, `{"profiles":{"NAME":{"option":"value","option":{"name":"value"}}}}`. A value is in it only under a
    /// name that never has a secret, and only if it is one line: all others are the SHA-256 of their UTF-8 bytes in hexadecimal.
    /// So are names of over 64 bytes, which may be keys on a line of their own.
    fileprivate var redactedJSON: String {
        let json = JSONWriter.object { json in
            json.object("profiles") { json in
                for (name, values) in profiles.sorted(by: { $0.key < $1.key }) {
                    json.object(name.text) { json in Self.write(values, to: &json) }
                }
            }
        }
        return String(decoding: json, as: UTF8.self)
    }

    private static func write(_ values: ProfileValues, to json: inout JSONWriter) {
        for (option, value) in values.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .text(let text): json.member(redacted(option), redacted(text, of: option))
            case .nested(let inner):
                json.object(redacted(option)) { json in
                    for (option, text) in inner.sorted(by: { $0.key < $1.key }) {
                        json.member(redacted(option), redacted(text, of: option))
                    }
                }
            }
        }
    }

    private static let publicOptions: Set<ExactString> = [
        "addressing_style", "aws_access_key_id", "aws_account_id", "ca_bundle", "cli_pager", "credential_source",
        "duration_seconds", "endpoint_url", "max_attempts", "mfa_serial", "output", "payload_signing_enabled", "region",
        "retry_mode",
        "role_arn", "role_session_name", "s3", "services", "signature_version", "source_profile", "sso_account_id", "sso_region",
        "sso_role_name", "sso_session", "sso_start_url", "sts_regional_endpoints", "web_identity_token_file",
    ]

    private static func redacted(_ option: ExactString) -> String {
        option.text.utf8.count > 64 ? digest(option.text) : option.text
    }

    private static func redacted(_ value: String, of option: ExactString) -> String {
        let isPublic = publicOptions.contains(option) && !value.utf8.contains(UInt8(ascii: "\n"))
        return isPublic ? value : digest(value)
    }

    private static func digest(_ text: String) -> String {
        DigestAlgorithm.sha256.hash(text.utf8).hexadecimal
    }
}
