// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct AssumeRoleProviderTests {
    private static let role = CredentialChainTests.role

    private static func assumed(_ tenant: String, region: String = "eu-west-1") -> AssumedRole {
        AssumedRole(
            roleARN: role, externalID: "tenant-\(tenant)", sessionName: "postern-\(tenant)",
            sessionPolicy: #"{"Sid":"\#(tenant)"}"#, region: region)
    }

    @Test func `a tenant's role is assumed in its store's region with the session policy of its rules`() async throws {
        let services = FakeServices(handler: CredentialChainTests.everyone)
        let context = services.context(CredentialChainTests.keys)
        let provided = try await CredentialChain(.role(Self.assumed("acme")), context: context).refresh()
        #expect(provided.provider == "environment, role \(Self.role)")
        #expect(provided.credentials.accessKeyID == "ASIAEXAMPLE000000003")
        let request = try #require(services.requests.first)
        #expect(request.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(request.header("authorization")?.contains("Credential=AKIDENVIRONMENT00001/20260101/eu-west-1/sts/") == true)
        #expect(request.form["ExternalId"] == "tenant-acme")
        #expect(request.form["RoleSessionName"] == "postern-acme")
        #expect(request.form["Policy"] == #"{"Sid":"acme"}"#)
        #expect(request.form["DurationSeconds"] == nil)
        #expect(!"\(provided)".contains(canary))
    }

    @Test func `the roles of many tenants share base credentials until shortly before their expiration`() async throws {
        let services = FakeServices(handler: CredentialChainTests.everyone)
        let context = services.context()
        let standard = CredentialChain(.standard, context: context)
        let roles = (0..<20).map {
            CredentialChain(.role(Self.assumed("t\($0)")), context: context, base: standard)
        }
        await withTaskGroup(of: Void.self) { group in
            for role in roles { group.addTask { _ = try? await role.refresh() } }
        }
        func metadataRequests() -> Int { services.requests.count { $0.url.contains("169.254.169.254") } }
        #expect(metadataRequests() == 3)
        #expect(services.requests.count { $0.url.contains("sts.") } == 20)
        services.pass(20_000)
        _ = try? await roles[0].refresh()
        #expect(metadataRequests() == 3)
        // The credentials of the metadata service end at 06:00, 21,300 seconds after the start.
        services.pass(1_100)
        _ = try? await roles[0].refresh()
        #expect(metadataRequests() == 5)
    }

    @Test func `base credentials that cannot be renewed are used until they expire`() async throws {
        let services = FakeServices(handler: CredentialChainTests.everyone)
        let context = services.context()
        let standard = CredentialChain(.standard, context: context)
        _ = try await standard.refresh()
        services.answer { _ throws(OutgoingError) in throw .unreachable("refused") }
        services.pass(21_200)
        #expect(try await standard.credentials(in: context.search).provider == "instance metadata")
        services.pass(200)
        let found = await problem { () async throws(CredentialError) in try await standard.credentials(in: context.search) }
        #expect(found?.isUnavailable == true)
    }

    @Test func `the error of a role is that of its base credentials if there are none`() async {
        let context = FakeServices().context(CredentialChainTests.off)
        let found = await problem { () async throws(CredentialError) in
            try await CredentialChain(.role(Self.assumed("a")), context: context).refresh()
        }
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains("no AWS credentials were found") == true)
    }

    @Test func `roles chained by profiles are assumed in turn, and the inner credentials are reused`() async throws {
        let config = """
            [profile outer]
            role_arn = arn:aws:iam::123456789012:role/outer
            source_profile = inner
            duration_seconds = 900
            external_id = id-1
            role_session_name = name-1
            region = eu-north-1
            [profile inner]
            role_arn = arn:aws:iam::123456789012:role/inner
            source_profile = base
            [profile base]
            aws_access_key_id = AKIDBASE
            aws_secret_access_key = CANARY
            """
        let services = FakeServices(
            files: [CredentialChainTests.configFile: config], handler: CredentialChainTests.everyone)
        let chain = CredentialChain(.profile("outer"), context: services.context())
        #expect(try await chain.refresh().provider == "profile outer, role arn:aws:iam::123456789012:role/outer")
        _ = try await chain.refresh()
        let asked = services.requests.map { $0.form["RoleArn"]?.split(separator: "/").last.map(String.init) }
        #expect(asked == ["inner", "outer", "outer"])
        #expect(services.requests.allSatisfy { $0.url == "https://sts.eu-north-1.amazonaws.com/" })
        #expect(services.requests[0].header("authorization")?.contains("Credential=AKIDBASE/") == true)
        #expect(services.requests[1].header("authorization")?.contains("Credential=ASIAEXAMPLE000000003/") == true)
        #expect(services.requests[1].form["DurationSeconds"] == "900")
        #expect(services.requests[1].form["ExternalId"] == "id-1")
        #expect(services.requests[1].form["RoleSessionName"] == "name-1")
    }

    @Test(arguments: [
        ("Environment", "AKIDENVIRONMENT00001"), ("EcsContainer", "ASIAEXAMPLE000000001"),
        ("Ec2InstanceMetadata", "ASIAEXAMPLE000000002"),
    ])
    func `credential_source selects the base credentials of a profile's role`(source: String, key: String) async throws {
        let config = "[profile acme]\nrole_arn = \(Self.role)\ncredential_source = \(source)\n"
        let services = FakeServices(
            files: [CredentialChainTests.configFile: config], handler: CredentialChainTests.everyone)
        let variables = CredentialChainTests.keys.merging(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]) { $1 }
        let provided = try await CredentialChain(.profile("acme"), context: services.context(variables)).refresh()
        #expect(provided.provider == "profile acme, role \(Self.role)")
        #expect(services.requests.last?.header("authorization")?.contains("Credential=\(key)/") == true)
    }

    @Test func `a credential_source without credentials is named in the error`() async {
        let config = "[profile acme]\nrole_arn = \(Self.role)\ncredential_source = Environment\n"
        let services = FakeServices(files: [CredentialChainTests.configFile: config])
        let found = await problem { () async throws(CredentialError) in
            try await CredentialChain(.profile("acme"), context: services.context()).refresh()
        }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("AWS_ACCESS_KEY_ID") == true)
    }

    @Test func `a profile can use a process or a web identity`() async throws {
        let json = #"{"Version": 1, "AccessKeyId": "AKIDPROCESS", "SecretAccessKey": "CANARY"}"#
        let config = """
            [profile p]
            credential_process = printf '%s' '\(json)'
            [profile w]
            role_arn = \(Self.role)
            web_identity_token_file = /token
            """
        let services = FakeServices(
            files: [CredentialChainTests.configFile: config, "/token": "a.b.c"], handler: CredentialChainTests.everyone)
        let context = services.context(["PATH": "/usr/bin:/bin"])
        let process = try await CredentialChain(.profile("p"), context: context).refresh()
        #expect(process.provider == "profile p, credential_process")
        #expect(process.credentials.accessKeyID == "AKIDPROCESS")
        let web = try await CredentialChain(.profile("w"), context: context).refresh()
        #expect(web.provider == "profile w, web identity, role \(Self.role)")
    }

    @Test func `printing a role's credentials shows no secret`() async throws {
        let services = FakeServices(
            files: ["/token": "CANARY.b.c", CredentialChainTests.credentialsFile: CredentialChainTests.defaultKeys],
            handler: CredentialChainTests.everyone)
        let context = services.context(CredentialChainTests.keys)
        let search = context.search
        _ = try search.configuration()
        let profile = ProfileProvider(context: context)
        let chain = CredentialChain(.role(Self.assumed("acme")), context: context)
        var request = STSRequest(action: "A")
        request.add("WebIdentityToken", canary)
        let parts: [Any] = [
            context, try await chain.refresh(), chain, chain.lastSearch, try STSClient(context, fallbackRegion: nil, in: search),
            request, search, profile,
            profile.makeProvider(for: .keys(accessKeyID: "A", secretAccessKey: canary, sessionToken: canary)),
            profile.makeProvider(for: .process(command: "echo \(canary)")), profile.makeProvider(for: .environment),
            profile.makeProvider(
                for: .assumeRole(
                    AssumedRole(roleARN: Self.role), base: .keys(accessKeyID: "A", secretAccessKey: canary, sessionToken: nil))),
            try #require(STSResponse(Array("<a>CANARY</a>".utf8))),
            ReceivedCredentials(accessKeyID: "A", secretAccessKey: canary, sessionToken: canary, expiration: nil),
        ]
        for part in parts {
            var dumped = ""
            dump(part, to: &dumped)
            #expect(!"\(part) \(String(reflecting: part)) \(dumped)".contains(canary), "\(type(of: part))")
        }
    }
}
