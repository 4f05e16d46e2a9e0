// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct CredentialChainTests {
    static let role = "arn:aws:iam::123456789012:role/uploads"
    static let keys = ["AWS_ACCESS_KEY_ID": "AKIDENVIRONMENT00001", "AWS_SECRET_ACCESS_KEY": "CANARY-environment"]
    static let off = ["AWS_EC2_METADATA_DISABLED": "true"]

    static let credentialsFile = "/home/postern/.aws/credentials"
    static let configFile = "/home/postern/.aws/config"
    static let defaultKeys = "[default]\naws_access_key_id = AKIDPROFILE000000001\naws_secret_access_key = CANARY-profile\n"

    /// Answers as the metadata service, a container's endpoint and STS do, each told by its host.
    static let everyone: FakeServices.Handler = { request throws(OutgoingError) in
        if request.url.hasPrefix("http://169.254.169.254/") { return try InstanceMetadataProviderTests.service()(request) }
        if request.url.hasPrefix("http://169.254.170.2/") { return OutgoingResponse(200, ContainerProviderTests.body) }
        if request.url.contains("://sts.") { return OutgoingResponse(200, STSAnswers.credentials(request.form["Action"] ?? "")) }
        throw .unreachable("nobody is there")
    }

    private static func refused(_ chain: CredentialChain) async -> CredentialError? {
        await problem { () async throws(CredentialError) in try await chain.refresh() }
    }

    private static func standardProvider(_ services: FakeServices, _ variables: [String: String]) async throws -> String {
        try await CredentialChain(.standard, context: services.context(variables)).refresh().provider
    }

    @Test func `only STS is requested through a proxy`() async throws {
        let proxies = try ProxySettings(environment: ["HTTPS_PROXY": "http://proxy.example:3128"])
        let services = FakeServices(
            files: [Self.configFile: "[profile r]\nrole_arn = \(Self.role)\ncredential_source = Ec2InstanceMetadata\n"],
            handler: Self.everyone)
        services.write("/token", "a.b.c")
        let chains: [[String: String]] = [
            [:], ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"], ["AWS_PROFILE": "r"],
            ["AWS_CONTAINER_CREDENTIALS_FULL_URI": "https://container.example/c"],
            ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "https://metadata.example"],
            ["AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"],
        ]
        for variables in chains {
            let chain = CredentialChain(.standard, context: services.context(variables, proxies: proxies))
            _ = try? await chain.refresh()
            if let credentials = try? await chain.refresh().credentials {
                _ = try? await chain.callerIdentity(of: credentials, region: "eu-west-1")
            }
        }
        var hosts: [Bool: Set<String>] = [:]
        for request in services.requests {
            hosts[request.proxies.proxy != nil, default: []].insert(String(request.url.split(separator: "/")[1]))
        }
        #expect(hosts[true] == ["sts.amazonaws.com", "sts.eu-west-1.amazonaws.com"])
        #expect(hosts[false] == ["169.254.169.254", "169.254.170.2", "container.example", "metadata.example"])
    }

    @Test func `the sources of the default chain are asked in order`() async throws {
        let services = FakeServices(files: [Self.credentialsFile: Self.defaultKeys, "/token": "a.b.c"], handler: Self.everyone)
        let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"]
        var variables = Self.keys.merging(container) { $1 }
        #expect(try await Self.standardProvider(services, variables) == "environment")
        variables = container
        #expect(try await Self.standardProvider(services, variables) == "profile default")
        services.write(Self.credentialsFile, nil)
        variables = container.merging(["AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"]) { $1 }
        #expect(try await Self.standardProvider(services, variables) == "web identity")
        #expect(try await Self.standardProvider(services, container) == "container")
        #expect(try await Self.standardProvider(services, [:]) == "instance metadata")
    }

    @Test func `a web identity in the environment goes before the default profile's keys but not before its role`() async throws {
        let services = FakeServices(files: [Self.credentialsFile: Self.defaultKeys, "/token": "a.b.c"], handler: Self.everyone)
        let variables = ["AWS_ROLE_ARN": Self.role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"]
        #expect(try await Self.standardProvider(services, variables) == "web identity")
        services.write(Self.configFile, "[default]\nrole_arn = \(Self.role)\nsource_profile = default\n")
        #expect(try await Self.standardProvider(services, variables) == "profile default, role \(Self.role)")
    }

    @Test func `a profile in which id and secret are exchanged is a configuration error`() async {
        let file = "[default]\naws_access_key_id = CANARYsecret\naws_secret_access_key = AKIDPROFILE000000001\n"
        let services = FakeServices(files: [Self.credentialsFile: file.replacingOccurrences(of: "AKID", with: "AKIA")])
        let chain = CredentialChain(.standard, context: services.context(Self.off))
        let found = await Self.refused(chain)
        #expect(found?.isConfiguration == true)
        #expect(found?.description.hasSuffix("are the two exchanged?") == true)
        #expect(found?.description.contains("CANARY") == false && found?.description.contains("AKIA") == false)
    }

    @Test func `a source that is configured but does not answer is not skipped`() async {
        let services = FakeServices { request throws(OutgoingError) in
            if request.url.contains("169.254.170.2") { throw .timedOut(seconds: 2) }
            return try InstanceMetadataProviderTests.service()(request)
        }
        let context = services.context(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"])
        let found = await Self.refused(CredentialChain(.standard, context: context))
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("container") == true)
        #expect(services.requests.count == 1)
    }

    @Test func `after its first answer a source is asked alone, and an error names it when it fails`() async throws {
        let services = FakeServices(handler: Self.everyone)
        let chain = CredentialChain(.standard, context: services.context())
        #expect(try await chain.refresh().provider == "instance metadata")
        #expect(
            chain.lastSearch.map(\.provider) == [
                "environment", "profile default", "container", "instance metadata",
            ])
        #expect(chain.lastSearch.map(\.outcome).last == "gave credentials")
        services.write(Self.credentialsFile, Self.defaultKeys)
        #expect(try await chain.refresh().provider == "instance metadata")
        #expect(chain.lastSearch.map(\.provider) == ["instance metadata"])
        services.pass(30_000)
        services.answer { _ throws(OutgoingError) in throw .unreachable("refused") }
        let found = await Self.refused(chain)
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("instance metadata") == true)
    }

    @Test func `without credentials the error lists every source that was asked and says what to set`() async {
        let chain = CredentialChain(.standard, context: FakeServices().context(Self.off))
        let found = await Self.refused(chain)
        #expect(found?.isConfiguration == true)
        for part in [
            "environment (AWS_ACCESS_KEY_ID is not set)", "profile default", "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_EC2_METADATA_DISABLED is true", "AWS_PROFILE",
        ] { #expect(found?.description.contains(part) == true, "\(part)") }
    }

    @Test func `an instance metadata service that does not answer yet is waited for`() async {
        let services = FakeServices { _ throws(OutgoingError) in throw .timedOut(seconds: 1) }
        let found = await Self.refused(CredentialChain(.standard, context: services.context()))
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("no AWS credentials were found") == true)
        #expect(found?.description.contains("hop limit") == true)
    }

    @Test func `an incomplete pair in the environment ends the search`() async {
        let context = FakeServices(handler: Self.everyone).context(["AWS_ACCESS_KEY_ID": "AKID"])
        #expect(
            await Self.refused(CredentialChain(.standard, context: context))
                == .incomplete(missing: "AWS_SECRET_ACCESS_KEY"))
    }

    @Test func `a profile chosen by name ignores the environment and is read again at each refresh`() async throws {
        let services = FakeServices(files: [
            Self.credentialsFile: Self.defaultKeys.replacingOccurrences(of: "default", with: "acme")
        ])
        let variables = Self.keys.merging([
            "AWS_PROFILE": "other", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": Self.role,
        ]) { $1 }
        let chain = CredentialChain(.profile("acme"), context: services.context(variables))
        let first = try await chain.refresh()
        #expect(first.provider == "profile acme")
        #expect(first.credentials.accessKeyID == "AKIDPROFILE000000001")
        services.write(Self.credentialsFile, "[acme]\naws_access_key_id = AKIDPROFILE000000002\naws_secret_access_key = CANARY\n")
        #expect(try await chain.refresh().credentials.accessKeyID == "AKIDPROFILE000000002")
        #expect(chain.lastSearch == [CredentialChain.Step(provider: "profile acme", outcome: "gave credentials")])
        services.write(Self.credentialsFile, "[acme]\naws_access_key_id CANARY")
        let broken = await Self.refused(chain)
        #expect(broken?.isConfiguration == true)
        #expect(broken?.description.contains(canary) == false)
    }

    @Test func `AWS_PROFILE names the profile of the chain, and a missing profile is an error`() async throws {
        let services = FakeServices(files: [
            Self.credentialsFile: Self.defaultKeys.replacingOccurrences(of: "default", with: "acme")
        ])
        #expect(try await Self.standardProvider(services, ["AWS_PROFILE": "acme"]) == "profile acme")
        let context = services.context(["AWS_PROFILE": "gone"])
        #expect(await Self.refused(CredentialChain(.standard, context: context))?.isConfiguration == true)
    }

    @Test func `a profile that is chosen by name and has no credentials is a configuration error`() async {
        let services = FakeServices(files: [Self.configFile: "[profile acme]\nregion = eu-west-1\n"])
        let found = await Self.refused(CredentialChain(.profile("acme"), context: services.context()))
        #expect(found?.isConfiguration == true)
        #expect(found?.description.contains("profile acme") == true)
    }

    @Test func `a tenant can have environment variables of its own`() async throws {
        let services = FakeServices()
        let variables = ["ACME_ACCESS_KEY_ID": "AKIDACME", "ACME_SECRET_ACCESS_KEY": "CANARY"]
        let provided = try await CredentialChain(.environment(prefix: "ACME"), context: services.context(variables))
            .refresh()
        #expect(provided.provider == "environment ACME")
        let missing = await Self.refused(CredentialChain(.environment(prefix: "ACME"), context: services.context()))
        #expect(missing == .notSet(names: ["ACME_ACCESS_KEY_ID", "ACME_SECRET_ACCESS_KEY"]))
    }

    @Test func `credentials that have already expired are refused`() async {
        let context = FakeServices().context(Self.keys.merging(["AWS_CREDENTIAL_EXPIRATION": "2026-01-01T00:05:00Z"]) { $1 })
        let found = await Self.refused(CredentialChain(.standard, context: context))
        #expect(found?.isUnavailable == true)
    }

    @Test func `the identity is asked for in the store's region if no region is configured`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, STSAnswers.identity) }
        let chain = CredentialChain(.standard, context: services.context(Self.keys))
        let credentials = try await chain.refresh().credentials
        #expect(try await chain.callerIdentity(of: credentials, region: "eu-west-3").account == "123456789012")
        #expect(services.requests.map(\.url) == ["https://sts.eu-west-3.amazonaws.com/"])
    }
}
