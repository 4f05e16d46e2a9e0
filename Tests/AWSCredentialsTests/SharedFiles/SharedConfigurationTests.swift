// SPDX-License-Identifier: Apache-2.0

import Testing
import WireFormats

@testable import AWSCredentials

struct SharedConfigurationTests {
    @Test(
        arguments: [
            ("[default]", ["default"]), ("[profile a]", ["a"]), ("[profile \"a b\"]", ["a b"]), ("[profile 'a b']", ["a b"]),
            ("[profile a\\ b]", ["a b"]),
            ("[profile\ta]", ["a"]), ("[profile a ]", ["a"]), ("[profile \"\"]", [""]), ("[profiles a]", ["a"]),
            ("[profile a#b]", ["a#b"]),
            ("[a]", []), ("[Profile a]", []), ("[Default]", []), ("[ default ]", []), ("[ profile a]", []), ("[profile]", []),
            ("[profile a b]", []),
            ("[profile \"a]", []), ("[profile a\\]", []), ("[profile\u{A0}a]", []), ("[\"profile\" a]", []),
            ("[sso-session a]", []), ("[services a]", []),
            ("[DEFAULT]", []),
        ] as [(String, [String])])
    func `headers of the configuration file name profiles`(header: String, expected: [String]) throws {
        #expect(try SharedFilesInMemory(config: header).load().sortedNames == expected)
    }

    @Test func `printing the shared files shows no value`() throws {
        let values = "aws_access_key_id = AKIDPRINTED\naws_secret_access_key = secretprinted\n"
        let files = try SharedFilesInMemory(config: "[profile a]\n\(values)", credentials: "[b]\n\(values)").load()
        for part: any Sendable in [files, files.configuration, files.credentials] {
            var dumped = ""
            dump(part, to: &dumped)
            for text in [dumped, "\(part)", String(reflecting: part)] { #expect(!text.contains("printed")) }
        }
        #expect(files.sortedNames == ["a", "b"])
    }

    @Test func `every header of the credentials file is a profile's name`() throws {
        let files = SharedFilesInMemory(credentials: "[default]\n[profile a]\n[ a ]\n[services s]\n")
        #expect(try files.load().sortedNames == [" a ", "default", "profile a", "services s"])
    }

    @Test func `values of the credentials file override those of the configuration file one by one`() throws {
        let files = SharedFilesInMemory(
            config: "[profile a]\nregion = 1\noutput = 1\ns3 =\n  a = 1\n",
            credentials: "[a]\noutput = 2\ns3 =\n  b = 2\n[b]\nregion = 2\n"
        )
        let profiles = try files.load().profiles
        #expect(profiles["a"] == ["region": .text("1"), "output": .text("2"), "s3": .nested(["b": "2"])])
        #expect(profiles["b"]?.text("region") == "2")
    }

    @Test func `the last header of a profile replaces earlier ones completely`() throws {
        let profiles = try SharedFilesInMemory(
            config: "[default]\na = 1\n[profile default]\nb = 2\n[profile x]\nc = 3\n[profile \"x\"]\n"
        ).load().profiles
        #expect(profiles == ["default": ["b": .text("2")], "x": [:]])
    }

    @Test func `files that do not exist are empty`() throws {
        #expect(try SharedFilesInMemory().load().sortedNames.isEmpty)
    }

    @Test func `variables set the paths of the files, and a read error is passed on`() throws {
        let variables = ["AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "$DIR/d", "HOME": "/h", "DIR": "/x"]
        let found = try SharedConfiguration.load(variables: variables, home: "/other") { path throws(CredentialError) in
            path == "/h/c" ? Array("[default]\n".utf8) : path == "/x/d" ? Array("[d]\n".utf8) : nil
        }
        #expect(found.sortedNames == ["d", "default"])
        #expect(throws: CredentialError.unavailable("x")) {
            try SharedConfiguration.load(variables: [:], home: "/h") { _ throws(CredentialError) in throw .unavailable("x") }
        }
        #expect(throws: CredentialError.self) {
            try SharedConfiguration.load(variables: ["AWS_CONFIG_FILE": "~root/c"], home: "/h") { _ throws(CredentialError) in
                nil
            }
        }
    }

    @Test(
        arguments: [
            ([:], nil), (["AWS_PROFILE": "a"], "a"), (["AWS_DEFAULT_PROFILE": "b"], "b"),
            (["AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"], "b"),
            (["AWS_PROFILE": ""], ""),
        ] as [([String: String], String?)])
    func `the environment names the profile in botocore's order`(variables: [String: String], expected: String?) {
        #expect(SharedConfiguration.profileName(in: variables) == expected)
    }

    @Test(arguments: [
        "[default]\nSECRET\n", "SECRET = SECRET\n", "[SECRET]\n[SECRET]\n", "[default]\nSECRET = SECRET\nSECRET = SECRET\n",
        "[default]\naws =\n  SECRET\n",
    ])
    func `the error of a broken file names its path and line and shows none of its text`(text: String) throws {
        for files in [SharedFilesInMemory(config: text), SharedFilesInMemory(credentials: text)] {
            let problem = try #require(throws: CredentialError.self) { try files.load() }
            let sentence = "\(problem)"
            #expect(sentence.contains(files.config == nil ? "/home/u/.aws/credentials" : "/home/u/.aws/config"))
            #expect(sentence.contains("line ") && !sentence.uppercased().contains("SECRET"))
        }
    }

    @Test func `settings come from the profile and from its services section`() throws {
        let config = """
            [default]
            region = eu-west-1
            endpoint_url = http://all
            services = s
            ignore_configured_endpoint_urls = TRUE
            sts_regional_endpoints =
            [services s]
            sts =
              endpoint_url = http://sts
            [profile wrong]
            services = none
            """
        let shared = try SharedFilesInMemory(config: config).load()
        let settings = try ProfileSettings(of: "default", in: shared)
        #expect(settings.region == "eu-west-1" && settings.endpointURL == "http://all" && settings.stsEndpointURL == "http://sts")
        #expect(settings.ignoresEndpointURLs && !settings.usesFIPSEndpoint && settings.stsRegionalEndpoints == nil)
        #expect(try ProfileSettings(of: "default", in: shared).region == "eu-west-1")
        #expect(try ProfileSettings(of: "nobody", in: shared).region == nil)
        #expect(throws: CredentialError.self) { try ProfileSettings(of: "wrong", in: shared) }
    }
}
