// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import WireFormats

/// Reads a store's `credentials`: `default`, or a mapping with one of `profile`, `env` and `assumeRole`.
struct CredentialReader {
    /// What a store's `credentials` say.
    struct Reading {
        let source: CredentialOrigin
        /// Whether the role's session is narrowed to what the tenant's rules need (`sessionPolicy: fromRules`).
        var isNarrowed = false
    }

    /// The region of the store, whose STS is asked where nothing else names one.
    let region: String?

    private static let kinds = ["profile", "env", "assumeRole"]

    private static let hints = [
        "accessKeyId": secretItself, "secretAccessKey": secretItself, "accessKey": secretItself, "secretKey": secretItself,
        "sessionToken": secretItself,
    ]
    private static let secretItself = ValueError(
        "credentials themselves have no place in a file",
        "write {env: PREFIX} and set them in the environment"
    )

    /// Nil where the key is absent or, with a problem logged, wrong.
    func read(_ store: Section) -> Reading? {
        guard let entry = store["credentials"] else { return nil }
        guard case .mapping = entry.value.content else {
            return store.value("credentials") { text throws(ValueError) in
                guard text == "default" else {
                    throw ValueError(
                        "\(text.quoted) is no source of credentials",
                        "write default, {profile: NAME}, {env: PREFIX} or {assumeRole: {roleArn: …}}"
                    )
                }
                return Reading(source: .standard)
            }?.value
        }
        guard let section = store.section("credentials", keys: Self.kinds, hints: Self.hints) else { return nil }
        let present = Self.kinds.filter { section[$0] != nil }
        guard present.count == 1 else {
            if present.count > 1 || section.all.isEmpty {
                let names = present.joined(separator: ", ")
                store.log.problem(
                    at: entry.keyPosition,
                    present.isEmpty ? "credentials is empty" : "credentials names several sources: \(names)",
                    "write exactly one of profile, env, assumeRole, or credentials: default"
                )
            }
            return nil
        }
        if section["profile"] != nil {
            return section.value("profile") { text throws(ValueError) in
                Reading(source: .profile(try profileName(text)))
            }?.value
        }
        if section["env"] != nil { return section.value("env", Self.environment)?.value }
        return readRole(section)
    }

    /// ASCII, so that no two names look alike and are compared as equal in one place and not in the other.
    private func profileName(_ text: String) throws(ValueError) -> String {
        let name = try PlainText.parse(text, what: "profile")
        guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
            throw ValueError("\(text.quoted) has other letters than those of ASCII", "name the profile in ASCII")
        }
        return name
    }

    private static func environment(_ text: String) throws(ValueError) -> Reading {
        let isName = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") }
        guard isName, let first = text.utf8.first, !first.isASCIIDigit, text.utf8.count <= 128 else {
            throw ValueError("\(text.quoted) is not the beginning of a variable's name", "write ACME for ACME_ACCESS_KEY_ID")
        }
        for ending in ["_ACCESS_KEY_ID", "_SECRET_ACCESS_KEY", "_SESSION_TOKEN"] where text.hasSuffix(ending) {
            throw ValueError("\(ending) is added to the name", "write \(text.dropLast(ending.count))")
        }
        return Reading(source: .environment(prefix: text))
    }

    private func readRole(_ section: Section) -> Reading? {
        guard let role = section.section("assumeRole", keys: ["roleArn", "externalId", "sessionPolicy"]) else { return nil }
        let arn = role.required("roleArn", "write roleArn: arn:aws:iam::123456789012:role/NAME", Self.roleARN)
        let externalID = role.value("externalId") { text throws(ValueError) in
            let isID = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || "_+=,.@:/-".utf8.contains($0) }
            guard isID, (2...1224).contains(text.utf8.count) else {
                throw ValueError("\(text.quoted) is not an external id", "write 2 to 1224 letters, digits and _+=,.@:/-")
            }
            return text
        }
        let policy = role.value("sessionPolicy") { text throws(ValueError) in
            try Choice.parse(text, of: ["fromRules"], what: "a session policy")
        }
        guard let arn else { return nil }
        let assumed = AssumedRole(
            roleARN: arn.value, externalID: externalID?.value, sessionName: nil, sessionPolicy: nil, region: region)
        return Reading(source: .role(assumed), isNarrowed: policy != nil)
    }

    /// Twelve digits on AWS. Ceph's gateway has roles without an account, and accounts of its own form.
    private static func isAccount(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        let digits = text.hasPrefix("RGW") ? text.dropFirst(3) : text
        return digits.utf8.allSatisfy(\.isASCIIDigit) && digits.utf8.count == (text.hasPrefix("RGW") ? 17 : 12)
    }

    private static func roleARN(_ text: String) throws(ValueError) -> String {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isARN =
            parts.count == 6 && parts[0] == "arn" && parts[1].hasPrefix("aws") && parts[2] == "iam" && parts[3].isEmpty
            && isAccount(parts[4])
            && parts[5].hasPrefix("role/") && parts[5].utf8.count > 5
            && text.utf8.allSatisfy(\.isVisibleASCII) && text.utf8.count <= 2048
        guard isARN else {
            throw ValueError("\(text.quoted) is not the ARN of a role", "write arn:aws:iam::123456789012:role/NAME")
        }
        return text
    }
}
