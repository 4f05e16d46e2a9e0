// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import WireFormats

/// Reads a store's `credentials`: `default`, or a mapping with one of `profile`, `env` and `assumeRole`.
struct CredentialReader: Sendable {
    /// The result of reading `credentials`.
    struct Reading: Sendable {
        let source: CredentialSource
        /// Whether the role's session is narrowed to what the tenant's rules need (`sessionPolicy: fromRules`).
        var isNarrowed = false

        /// Whether the credentials are those of a session, which has a token.
        var isRole: Bool {
            if case .role = source { true } else { false }
        }
    }

    /// The region of the store, used for STS if nothing else names one.
    let region: String?

    /// The keys of the mapping, which has exactly one of them.
    static let keys = KeyTable("credentials", kinds.map(\.row), needs: [.oneOf(kinds.map(\.row.name))])

    private static let kinds = [profile, environment, role]

    private static let hints = [
        "accessKeyId": secretItself, "secretAccessKey": secretItself, "accessKey": secretItself, "secretKey": secretItself,
        "sessionToken": secretItself,
    ]
    private static let secretItself = ValueError(
        "a rule file must not contain credentials",
        "write {env: PREFIX} and set PREFIX_ACCESS_KEY_ID and PREFIX_SECRET_ACCESS_KEY in the environment"
    )

    /// Returns nil if the key is absent or, with a problem logged, wrong.
    func read(_ store: Section) -> Reading? {
        guard let entry = store["credentials"] else { return nil }
        guard case .mapping = entry.value.content else {
            return store.value("credentials") { text throws(ValueError) in
                guard text == "default" else {
                    throw ValueError(
                        "\(text.quoted) is not a source of credentials",
                        "write default, {profile: NAME}, {env: PREFIX} or {assumeRole: {roleArn: …}}"
                    )
                }
                return Reading(source: .standard)
            }?.value
        }
        guard let section = store.section("credentials", keys: Self.keys.names, hints: Self.hints) else { return nil }
        let present = Self.kinds.filter { section[$0.row.name] != nil }
        guard present.count == 1, let kind = present.first else {
            if present.count > 1 || section.all.isEmpty {
                let names = present.map(\.row.name).joined(separator: ", ")
                store.log.problem(
                    at: entry.keyPosition,
                    present.isEmpty ? "credentials is empty" : "credentials names several sources: \(names)",
                    "write exactly one of profile, env, assumeRole, or credentials: default"
                )
            }
            return nil
        }
        return kind.read(from: section, self)
    }

    private static let profile = Key<CredentialReader, Reading?>(
        "profile", takes: "a profile of the shared AWS files; ASCII", shape: .text(.ascii(atMost: 256)), standard: "–",
        example: "acme"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let name = try PlainText.parse(text, what: key)
            // ASCII, so that names that look alike are equal everywhere.
            guard name.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw ValueError("\(text.quoted) is not ASCII", "name the profile in ASCII")
            }
            return Reading(source: .profile(name))
        }?.value
    }

    private static let environment = Key<CredentialReader, Reading?>(
        "env",
        takes: "the beginning of three variables: `ACME` for `ACME_ACCESS_KEY_ID`, `ACME_SECRET_ACCESS_KEY`, "
            + "`ACME_SESSION_TOKEN`",
        shape: .text(.variablePrefix),
        standard: "–",
        example: "ACME"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            let isName = text.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") }
            guard isName, let first = text.utf8.first, !first.isASCIIDigit, text.utf8.count <= 128 else {
                throw ValueError("\(text.quoted) is not the beginning of a variable's name", "write ACME for ACME_ACCESS_KEY_ID")
            }
            for ending in ["_ACCESS_KEY_ID", "_SECRET_ACCESS_KEY", "_SESSION_TOKEN"] where text.hasSuffix(ending) {
                throw ValueError(
                    "env is only the beginning of the names: Postern adds \(ending)", "write \(text.dropLast(ending.count))")
            }
            return Reading(source: .environment(prefix: text))
        }?.value
    }

    private static let role = Key<CredentialReader, Reading?>(
        "assumeRole",
        takes: "mapping: [`store.credentials.assumeRole`](#storecredentialsassumerole)",
        shape: .mapping(RoleReader.keys),
        standard: "–",
        example: "{roleArn: \"arn:aws:iam::123456789012:role/acme-uploads\"}"
    ) { section, key, reader in
        section.section(key, keys: RoleReader.keys.names).flatMap(RoleReader(region: reader.region).read)
    }
}

/// Reads a role that is assumed: `assumeRole` of a store's credentials.
struct RoleReader: Sendable {
    let region: String?

    static let keys = KeyTable("role", [roleARN.row, externalID.row, sessionPolicy.row])

    func read(_ section: Section) -> CredentialReader.Reading? {
        let arn = Self.roleARN.read(from: section, self)
        let externalID = Self.externalID.read(from: section, self)
        let policy = Self.sessionPolicy.read(from: section, self)
        guard let arn else { return nil }
        let role = AssumedRole(roleARN: arn.value, externalID: externalID?.value, region: region)
        return CredentialReader.Reading(source: .role(role), isNarrowed: policy != nil)
    }

    private static let roleARN = Key<RoleReader, Located<String>?>(
        "roleArn",
        takes: "the ARN of a role",
        shape: .text(.roleARN),
        standard: .required,
        example: "arn:aws:iam::123456789012:role/acme-uploads"
    ) { section, key, _ in
        section.required(key, "write roleArn: arn:aws:iam::123456789012:role/NAME") { text throws(ValueError) in
            guard let arn = RoleARN(text), arn.isIAMRole else {
                throw ValueError("\(text.quoted) is not the ARN of a role", "write arn:aws:iam::123456789012:role/NAME")
            }
            return text
        }
    }

    private static let externalID = Key<RoleReader, Located<String>?>(
        "externalId", takes: "2 to 1224 letters, digits and `_+=,.@:/-`", shape: .text(.externalID), standard: "none",
        example: "acme-7f3a"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            guard AssumedRole.isExternalID(text) else {
                throw ValueError("\(text.quoted) is not an external id", "write 2 to 1224 letters, digits and _+=,.@:/-")
            }
            return text
        }
    }

    private static let sessionPolicies = ["fromRules"]

    private static let sessionPolicy = Key<RoleReader, Located<String>?>(
        "sessionPolicy",
        takes: "`fromRules`: the session may only put objects under the prefixes of the rules that use this store",
        shape: .words(sessionPolicies),
        standard: "the role's own rights",
        example: "fromRules"
    ) { section, key, _ in
        section.value(key) { text throws(ValueError) in
            try Choice.parse(text, of: sessionPolicies, what: "a session policy")
        }
    }
}
