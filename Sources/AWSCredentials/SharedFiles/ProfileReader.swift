// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// Reads a profile's values as single lines of text. Its errors name options, never their values.
struct ProfileReader {
    let name: ExactString
    let values: ProfileValues

    /// Whether the option is set, to any value.
    func has(_ option: ExactString) -> Bool { values[option] != nil }

    /// Returns the option's text; nil if it is not set.
    func text(_ option: ExactString) throws(CredentialError) -> String? {
        switch values[option] {
        case nil: return nil
        case .nested: throw error("its \(option.text) begins on the line below the name: write the value on the same line")
        case .text(let text): return text
        }
    }

    /// Returns the option's text, which must be one line; nil if it is not set. A second line is an option that was indented by
    /// mistake: it must neither be sent nor shown, since it may be a key.
    func line(_ option: ExactString) throws(CredentialError) -> String? {
        guard let text = try text(option) else { return nil }
        if text.utf8.contains(where: \.isASCIIControl) {
            throw error(
                "its \(option.text) continues on the next line, or has a control: "
                    + "write the lines of a profile without indentation"
            )
        }
        return text
    }

    /// Returns the option's line; nil if it is not set or empty.
    func nonEmptyLine(_ option: ExactString) throws(CredentialError) -> String? {
        let line = try line(option)
        return line == "" ? nil : line
    }

    /// Returns an access key or a token, which is one word.
    private func word(_ option: ExactString) throws(CredentialError) -> String? {
        guard let text = try text(option) else { return nil }
        let isBare = text.utf8.allSatisfy { $0.isVisibleASCII && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") }
        guard isBare else {
            throw error(
                "its \(option.text) has white space, a quote or a control: "
                    + "write the bare value, and comments on lines of their own"
            )
        }
        return text
    }

    /// Whether one of the two keys is set.
    var hasStaticKeys: Bool { has("aws_secret_access_key") || has("aws_access_key_id") }

    /// Returns the profile's access key; nil if `aws_access_key_id` is not set.
    func keys() throws(CredentialError) -> ProfilePlan? {
        guard let accessKeyID = try word("aws_access_key_id") else { return nil }
        if accessKeyID.isEmpty { throw error("its aws_access_key_id is empty: write the key's id, or remove the line") }
        guard let secret = try word("aws_secret_access_key"), !secret.isEmpty else {
            throw error("it has an aws_access_key_id and no aws_secret_access_key in the same file: write both there")
        }
        // The older name takes precedence, even if it is empty.
        let token = has("aws_security_token") ? try word("aws_security_token") : try word("aws_session_token")
        return .keys(accessKeyID: accessKeyID, secretAccessKey: secret, sessionToken: token == "" ? nil : token)
    }

    /// Whether the profile assumes a role with other credentials. A profile with a token file uses a web identity instead, even
    /// if another profile names it as its source.
    var assumesRole: Bool { has("role_arn") && !has("web_identity_token_file") }

    /// Returns the role of `role_arn` with its settings.
    func role() throws(CredentialError) -> AssumedRole {
        guard let roleARN = try line("role_arn"), RoleARN(roleARN) != nil else {
            throw error("its role_arn is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME")
        }
        if has("mfa_serial") {
            throw error("its mfa_serial needs a person to type a code: use a role that does not require MFA")
        }
        return AssumedRole(
            roleARN: roleARN, externalID: try externalID(), sessionName: try nonEmptyLine("role_session_name"),
            durationSeconds: try durationSeconds())
    }

    private func externalID() throws(CredentialError) -> String? {
        guard let externalID = try line("external_id") else { return nil }
        guard AssumedRole.isExternalID(externalID) else {
            throw error("its external_id is not valid: write 2 to 1224 letters, digits and _+=,.@:/-, or remove the line")
        }
        return externalID
    }

    /// botocore silently ignores text that is not a number; here it is an error.
    private func durationSeconds() throws(CredentialError) -> Int? {
        guard let text = try line("duration_seconds") else { return nil }
        guard let seconds = Int(text), AssumedRole.durations.contains(seconds) else {
            throw error("its duration_seconds has to be a number of seconds from 900 to 43200")
        }
        return seconds
    }

    /// Returns a role that is assumed with a token file, each setting from the environment or else from the profile; nil if no
    /// token file is named. `duration_seconds` of the profile is not read, as in botocore.
    /// - Parameter variables: the environment; none for a profile that is requested by name
    func webIdentity(_ variables: [String: String]) throws(CredentialError) -> ProfilePlan? {
        func setting(_ variable: String, _ option: ExactString) throws(CredentialError) -> String? {
            if let value = variables[variable] { return value }
            return try line(option)
        }
        guard let tokenFile = try setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file"), !tokenFile.isEmpty else {
            return nil
        }
        guard let roleARN = try setting("AWS_ROLE_ARN", "role_arn"), !roleARN.isEmpty else {
            throw error("it has a web identity token file and no role: write role_arn, or set AWS_ROLE_ARN")
        }
        guard RoleARN(roleARN) != nil else {
            throw error("the role of its web identity is not the ARN of a role: write arn:aws:iam::ACCOUNT:role/NAME")
        }
        let sessionName = try setting("AWS_ROLE_SESSION_NAME", "role_session_name")
        return .webIdentity(
            AssumedRole(roleARN: roleARN, sessionName: sessionName == "" ? nil : sessionName), tokenFile: tokenFile)
    }

    /// Returns an error about this profile.
    func error(_ sentence: String) -> CredentialError {
        .configuration("the AWS profile \(Self.quoted(name)) is wrong: \(sentence)")
    }

    /// Returns a profile's name for a message. A name that contains a line break or is longer than 128 bytes may be a secret,
    /// and is not shown.
    static func quoted(_ name: ExactString) -> String {
        let isName = name.text.utf8.count <= 128 && name.text.isPrintable
        return isName ? "\"\(name.text)\"" : "(a name of \(name.text.utf8.count) bytes)"
    }
}
