// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct InstanceMetadataProviderTests {
    static let body =
        #"{"Code":"Success","LastUpdated":"2026-01-01T00:00:00Z","Type":"AWS-HMAC","AccessKeyId":"ASIAEXAMPLE000000002","SecretAccessKey":"CANARY-secret","Token":"CANARY-token","Expiration":"2026-01-01T06:00:00Z"}"#
    static let endpoint = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
    static let roles = "/latest/meta-data/iam/security-credentials/"

    /// A service as AWS documents it, that accepts one token.
    static func service(token: String = "CANARY-t1", role: String = "uploads", body: String = body) -> FakeServices.Handler {
        { request throws(OutgoingError) in
            let path = request.url.drop(while: { $0 != "/" }).dropFirst(2).drop(while: { $0 != "/" })
            if request.method == .put, path == "/latest/api/token" {
                return request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
                    ? OutgoingResponse(200, token) : OutgoingResponse(400, "")
            }
            guard request.header("x-aws-ec2-metadata-token") == token else { return OutgoingResponse(401, "") }
            if path == roles { return OutgoingResponse(200, role) }
            return path == roles + role.prefix(while: { $0 != "\n" }) ? OutgoingResponse(200, body) : OutgoingResponse(404, "")
        }
    }

    private static func provider(
        _ services: FakeServices, _ variables: [String: String] = [:], config: String = ""
    ) -> Asked {
        services.write("/home/postern/.aws/config", config)
        let context = services.context(variables)
        return Asked(provider: InstanceMetadataProvider(context: context), context: context)
    }

    @Test func `token, role and credentials are requested by version 2 only`() async throws {
        let services = FakeServices(handler: Self.service())
        let provided = try #require(try await Self.provider(services).credentials())
        #expect(provided.provider == "instance metadata")
        #expect(provided.credentials.secretAccessKey == "CANARY-secret")
        #expect(provided.credentials.sessionToken == "CANARY-token")
        #expect(provided.credentials.expiration == Date(timeIntervalSince1970: 1_767_247_200))
        #expect(
            services.requests.map { "\($0.method.rawValue) \($0.url)" } == [
                "PUT http://169.254.169.254/latest/api/token", "GET http://169.254.169.254\(Self.roles)",
                "GET http://169.254.169.254\(Self.roles)uploads",
            ])
        #expect(services.requests.allSatisfy { $0.timeout == .seconds(1) })
    }

    @Test func `the token is reused until shortly before its expiration`() async throws {
        let services = FakeServices(handler: Self.service())
        let provider = Self.provider(services)
        _ = try await provider.credentials()
        services.pass(21_000)
        _ = try await provider.credentials()
        #expect(services.requests.filter { $0.method == .put }.count == 1)
        services.pass(400)
        _ = try await provider.credentials()
        #expect(services.requests.filter { $0.method == .put }.count == 2)
    }

    @Test func `a token that is refused is replaced once`() async throws {
        let services = FakeServices(handler: Self.service())
        let provider = Self.provider(services)
        _ = try await provider.credentials()
        services.answer(Self.service(token: "t2"))
        #expect(try await provider.credentials() != nil)
        services.answer { request in request.method == .put ? OutgoingResponse(200, "t3") : OutgoingResponse(401, "") }
        let found = await problem { () async throws(CredentialError) in try await provider.credentials() }
        #expect(found?.isUnavailable == true)
    }

    @Test func `the requests take at most two seconds together`() async {
        let services = FakeServices()
        let answers = Self.service()
        services.answer { request throws(OutgoingError) in
            services.pass(0.8)
            return try answers(request)
        }
        let provider = Self.provider(services)
        _ = await problem { () async throws(CredentialError) in try await provider.credentials() }
        let timeouts = services.requests.map { $0.timeout / .seconds(1) }
        #expect(timeouts.count == 3)
        #expect(abs(timeouts[2] - 0.4) < 0.001)
        services.answer { request throws(OutgoingError) in
            services.pass(1.1)
            return try answers(request)
        }
        let found = await problem { () async throws(CredentialError) in try await provider.credentials() }
        #expect(found?.isUnavailable == true || found == nil)
    }

    @Test(arguments: [
        ([:], "", "http://169.254.169.254/"),
        (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "", "http://[fd00:ec2::254]/"),
        ([endpoint: "http://127.0.0.1:1338/base/"], "", "http://127.0.0.1:1338/base/"),
        ([:], "[default]\nec2_metadata_service_endpoint = http://localhost:7/\n", "http://localhost:7/"),
        ([:], "[default]\nec2_metadata_service_endpoint_mode = ipv6\n", "http://[fd00:ec2::254]/"),
    ])
    func `the endpoint follows the configuration`(variables: [String: String], config: String, expected: String) async {
        let services = FakeServices()
        _ = await problem { () async throws(CredentialError) in
            try await Self.provider(services, variables, config: config).credentials()
        }
        #expect(services.requests.map(\.url) == [expected + "latest/api/token"])
    }

    @Test(arguments: [
        [endpoint: "ftp://localhost"], [endpoint: "localhost"], [endpoint: "http://a/?q"], [endpoint: "http://u:p@a/"],
        ["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5"],
    ])
    func `an invalid endpoint is a configuration error`(variables: [String: String]) async {
        let services = FakeServices()
        let found = await problem { () async throws(CredentialError) in
            try await Self.provider(services, variables).credentials()
        }
        #expect(found?.isConfiguration == true)
        #expect(services.requests.isEmpty)
    }

    @Test func `if nothing listens, the provider is not configured, unless an operator named it`() async throws {
        let services = FakeServices()
        #expect(try await Self.provider(services).credentials() == nil)
        let found = await problem { () async throws(CredentialError) in
            try await Self.provider(services, [Self.endpoint: "http://127.0.0.1:1"]).credentials()
        }
        #expect(found?.isUnavailable == true)
    }

    @Test func `another cloud's metadata service is not taken for EC2's`() async throws {
        for status in [404, 405] {
            #expect(try await Self.provider(FakeServices { _ in OutgoingResponse(status, "") }).credentials() == nil)
        }
    }

    @Test func `a service that is turned off is a configuration error, and an outage if an operator named it`() async {
        let services = FakeServices { _ in OutgoingResponse(403, "") }
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isConfiguration == true)
        let named = await problem { () async throws(CredentialError) in
            try await Self.provider(services, [Self.endpoint: "http://127.0.0.1:1"]).credentials()
        }
        #expect(named?.isUnavailable == true)
    }

    @Test func `the error of a timeout names the hop limit`() async {
        let services = FakeServices { _ throws(OutgoingError) in throw .timedOut(seconds: 1) }
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("hop limit of 2") == true)
    }

    @Test(arguments: ["true", "True", "TRUE"])
    func `no request is sent if the service is disabled`(value: String) async throws {
        let services = FakeServices(handler: Self.service())
        #expect(try await Self.provider(services, ["AWS_EC2_METADATA_DISABLED": value]).credentials() == nil)
        #expect(services.requests.isEmpty)
    }

    @Test(arguments: [
        "../../user-data", "a/b", "", "\n", "a b", "a?b", "%2e%2e", "..", ".",
    ])
    func `an invalid role name does not become part of a path`(role: String) async {
        let services = FakeServices(handler: Self.service(role: role))
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(services.requests.count == 2)
    }

    @Test func `the first of several lines is the role`() async throws {
        let services = FakeServices(handler: Self.service(role: "uploads\nother"))
        #expect(try await Self.provider(services).credentials() != nil)
    }

    @Test(arguments: [
        #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"CANARY"}"#, "{}", "CANARY", "",
        body.replacingOccurrences(of: "Success", with: "Failed"),
        body.replacingOccurrences(of: "\"Token\"", with: "\"token\""),
        body.replacingOccurrences(of: "2026-01-01T06:00:00Z", with: "soon"),
    ])
    func `other answers are refused, and their text is not shown`(body: String) async {
        let services = FakeServices(handler: Self.service(body: body))
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains(canary) == false)
    }

    @Test func `an answer in which id and secret are exchanged is refused`() async {
        let body = Self.body.replacingOccurrences(of: "CANARY-secret", with: "AKIAEXAMPLE000000001")
            .replacingOccurrences(of: "ASIAEXAMPLE000000002", with: "CANARYsecret")
        let services = FakeServices(handler: Self.service(body: body))
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isExchangedPair == true)
    }

    @Test(arguments: ["", "CANARY\r\nX: y", "CANARY\u{0}"])
    func `a token that no header can have is not sent`(token: String) async {
        let services = FakeServices(handler: Self.service(token: token))
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains(canary) == false)
        #expect(services.requests.count == 1)
    }

    @Test func `the error of an instance without a role says so`() async {
        let services = FakeServices { request in request.method == .put ? OutgoingResponse(200, "t") : OutgoingResponse(404, "") }
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.description.contains("no role") == true)
    }

    @Test func `printing a token shows nothing of it`() throws {
        let context = FakeServices().context()
        let endpoint = try InstanceMetadataEndpoint(context, try context.search.settings())
        let token = InstanceMetadataToken(value: canary, endpoint: endpoint, end: .seconds(1))
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!"\(token) \(String(reflecting: token)) \(dumped)".contains(canary))
    }
}
