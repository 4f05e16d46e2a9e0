// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AWSCredentials

private let keyLines = "aws_access_key_id = AKIACONFIG\naws_secret_access_key = config/secret\n"
private let keys = ProfilePlan.keys(accessKeyID: "AKIACONFIG", secretAccessKey: "config/secret", sessionToken: nil)
private let arn = "arn:aws:iam::123456789012:role/x"
private let roleLine = "role_arn = \(arn)\n"

private func role(_ base: ProfilePlan) -> ProfilePlan {
    .assumeRole(AssumedRole(roleARN: arn), base: base)
}

struct ProfilePlanTests {
    private static let web = ProfilePlan.webIdentity(AssumedRole(roleARN: arn), tokenFile: "/t")
    private static let credentialKeys = ProfilePlan.keys(accessKeyID: "AKIACRED", secretAccessKey: "cred", sessionToken: nil)
    private static let credentialLines = "aws_access_key_id = AKIACRED\naws_secret_access_key = cred\n"

    @Test(
        arguments: [
            ("", "", nil), ("region = x\n", "", nil), (keyLines, "", keys), ("aws_secret_access_key = x\n", "", nil),
            ("credential_process = p\n" + keyLines, "", .process(command: "p")),
            ("credential_process = p\n" + keyLines, credentialLines, credentialKeys),
            ("web_identity_token_file = /t\n" + roleLine + "credential_process = p\n", credentialLines, web),
            ("web_identity_token_file = /t\nsource_profile = default\n" + roleLine, credentialLines, web),
            ("web_identity_token_file =\n" + roleLine, credentialLines, credentialKeys),
            (roleLine + "source_profile = default\n" + keyLines, "", role(keys)),
            (roleLine + "source_profile = default\ncredential_process = p\n" + keyLines, "", role(.process(command: "p"))),
            (roleLine + "credential_source = Environment\n" + keyLines, credentialLines, role(.environment)),
            (roleLine + "credential_source = EcsContainer\n", "", role(.container)),
            (roleLine + "credential_source = Ec2InstanceMetadata\n", "", role(.instanceMetadata)),
            ("credential_source = Environment\n" + keyLines, "", keys),
            (roleLine, "source_profile = default\n" + credentialLines, role(credentialKeys)),
            ("credential_process = /bin/p\n  --more 'a b'\n", "", .process(command: "/bin/p\n--more 'a b'")),
        ] as [(String, String, ProfilePlan?)])
    func `the first configured source is used, in botocore's order`(config: String, credentials: String, expected: ProfilePlan?)
        throws
    {
        let files = SharedFilesInMemory(config: "[default]\n" + config, credentials: "[default]\n" + credentials)
        #expect(try files.plan("default") == expected)
    }

    @Test func `a role's settings are part of the plan, and the older name of the token variable goes first`() throws {
        let config =
            "[profile r]\n" + roleLine
            + "source_profile = b\nexternal_id = ext\nrole_session_name = s\nduration_seconds = 900\n[profile b]\n" + keyLines
            + "aws_session_token = new\naws_security_token = old\n"
        let base = ProfilePlan.keys(accessKeyID: "AKIACONFIG", secretAccessKey: "config/secret", sessionToken: "old")
        #expect(
            try SharedFilesInMemory(config: config).plan("r")
                == .assumeRole(
                    AssumedRole(roleARN: arn, externalID: "ext", sessionName: "s", durationSeconds: 900), base: base)
        )
    }

    @Test func `roles are followed until a profile has keys, and keys end the chain even beside a role`() throws {
        let config = "[profile a]\n\(roleLine)source_profile = b\n[profile b]\n\(roleLine)source_profile = c\n[profile c]\n"
        #expect(try SharedFilesInMemory(config: config + keyLines).plan("a") == role(role(keys)))
        #expect(
            try SharedFilesInMemory(config: config + roleLine + "source_profile = a\n" + keyLines).plan("a") == role(role(keys)))
    }

    @Test(
        arguments: [
            (keyLines, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": arn], web),
            (
                roleLine + "source_profile = default\n" + keyLines, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": arn],
                role(keys)
            ),
            ("web_identity_token_file = /other\n", ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": arn], web),
            ("web_identity_token_file = /t\n", ["AWS_ROLE_ARN": arn], web),
            ("web_identity_token_file = /t\n" + roleLine, ["AWS_WEB_IDENTITY_TOKEN_FILE": ""], nil),
        ] as [(String, [String: String], ProfilePlan?)])
    func `the environment's web identity is used after the profile's role and before its keys`(
        config: String, variables: [String: String], expected: ProfilePlan?
    ) throws {
        #expect(try SharedFilesInMemory(config: "[default]\n" + config).plan("default", variables: variables) == expected)
    }

    @Test(arguments: [
        (String(repeating: "n", count: 128), true), (String(repeating: "n", count: 129), false), ("a\u{7}b", false),
        ("a\nb", false),
    ])
    func `a name that is too long or not printable is not shown`(name: String, isShown: Bool) throws {
        let error = try #require(throws: CredentialError.self) { try SharedFilesInMemory(config: "[default]\n").plan(name) }
        #expect("\(error)".contains(isShown ? "\"\(name)\"" : "(a name of \(name.utf8.count) bytes)"))
        #expect("\(error)".contains(name) == isShown)
    }

    @Test func `only the default profile may be missing`() throws {
        #expect(try SharedFilesInMemory().plan("default") == nil)
        #expect(
            try SharedFilesInMemory().plan("default", variables: ["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": arn])
                == Self.web)
        #expect(throws: CredentialError.self) { try SharedFilesInMemory(config: "[default]\n").plan("a") }
        let forgotten = try #require(throws: CredentialError.self) { try SharedFilesInMemory(config: "[a]\n").plan("a") }
        #expect("\(forgotten)".contains("word profile in front"))
        let misplaced = try #require(throws: CredentialError.self) {
            try SharedFilesInMemory(credentials: "[profile a]\n").plan("a")
        }
        #expect("\(misplaced)".contains("only the name"))
    }

    @Test(arguments: [
        ("role_arn = \(arn)\n", "source_profile"),
        (roleLine + "source_profile = a\ncredential_source = Environment\n", "both"),
        (roleLine + "credential_source = environment\n", "credential_source"),
        (roleLine + "source_profile = nobody\n", "nobody"),
        (roleLine + "source_profile = empty\n", "no credentials"), (roleLine + "source_profile = default\n", "leads back"),
        (roleLine + "source_profile = loop\n", "leads back"), ("role_arn = x\nsource_profile = empty\n", "role_arn"),
        (roleLine + "source_profile = keys\nmfa_serial = m\n", "mfa_serial"),
        (roleLine + "source_profile = keys\nexternal_id =\n", "external_id"),
        (roleLine + "source_profile = keys\nexternal_id = a b\n", "external_id"),
        ("role_arn = arn:aws:iam::123456789012:role/a b\nsource_profile = keys\n", "role_arn"),
        (roleLine + "source_profile = keys\nduration_seconds = 899\n", "duration_seconds"),
        (roleLine + "source_profile = keys\nduration_seconds = 43201\n", "duration_seconds"),
        (roleLine + "source_profile = keys\nduration_seconds = 1h\n", "duration_seconds"),
        ("aws_access_key_id = AKIA\n", "aws_secret_access_key"), ("aws_access_key_id =\n", "aws_access_key_id"),
        ("aws_access_key_id =\n  a = b\n", "aws_access_key_id"), ("credential_process =\n", "credential_process"),
        ("credential_process = 'a\n", "credential_process"), ("sso_account_id = 1\n" + keyLines, "credential_process"),
        ("login_session = x\n" + keyLines, "login_session"), ("web_identity_token_file = /t\n", "role_arn"),
        ("web_identity_token_file = /t\nrole_arn = short\n", "role"),
    ])
    func `the error of an invalid value names the option`(config: String, named: String) throws {
        let others = "[profile loop]\n\(roleLine)source_profile = default\n[profile empty]\n[profile keys]\n\(keyLines)"
        let problem = try #require(throws: CredentialError.self) {
            try SharedFilesInMemory(config: "[default]\n\(config)\(others)").plan("default")
        }
        guard case .configuration(let sentence) = problem else {
            Issue.record("\(problem)")
            return
        }
        #expect(sentence.contains(named))
    }

    @Test func `a chain of thousands of profiles ends with an error`() throws {
        let config = (0..<5000).map { "[profile p\($0)]\n\(roleLine)source_profile = p\($0 + 1)\n" }.joined()
        #expect(throws: CredentialError.self) { try SharedFilesInMemory(config: config).plan("p0") }
    }

    @Test(arguments: [
        "role_arn = \(arn)\n  aws_secret_access_key = SECRET\n",
        roleLine + "source_profile = b\n  aws_secret_access_key = SECRET\n",
        roleLine + "credential_source = SECRET\n", "aws_access_key_id = AKIA\n  aws_secret_access_key = SECRET\n",
        "aws_access_key_id = AKIA\naws_secret_access_key = SECRET # comment\n",
        "aws_access_key_id = AKIA\naws_secret_access_key =\n  a = SECRET\n",
        "credential_process = p 'SECRET\n", roleLine + "source_profile = default\nduration_seconds = SECRET\n",
    ])
    func `a secret that became part of another option by its indentation is in no error`(config: String) throws {
        let problem = try #require(throws: CredentialError.self) {
            try SharedFilesInMemory(config: "[default]\n" + config).plan("default")
        }
        #expect(!"\(problem) \(String(reflecting: problem))".contains("SECRET"))
    }

    @Test func `printing or dumping a plan shows no secret`() {
        let secret = ProfilePlan.keys(accessKeyID: "AKIASECRETABCD", secretAccessKey: "SECRET", sessionToken: "SECRET")
        let plans = [
            secret, .process(command: "p SECRET"),
            .assumeRole(AssumedRole(roleARN: arn, externalID: "SECRET"), base: secret),
        ]
        for plan in plans {
            var dumped = ""
            dump(plan, to: &dumped)
            #expect(!"\(plan) \(String(reflecting: plan)) \(dumped)".contains("SECRET"))
        }
        #expect("\(plans[2])" == "role \(arn) from access key …ABCD")
    }
}
