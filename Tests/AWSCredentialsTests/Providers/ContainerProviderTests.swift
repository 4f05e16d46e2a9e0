// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct ContainerProviderTests {
    static let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
    static let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    static let body =
        #"{"RoleArn":"arn","AccessKeyId":"ASIAEXAMPLE000000001","SecretAccessKey":"CANARY-secret","Token":"CANARY-token","Expiration":"2026-01-01T06:00:00Z"}"#

    @Test func `ECS: the relative path is requested from 169.254.170.2`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, Self.body) }
        let provided = try await ContainerProvider(context: services.context([Self.relative: "/v2/credentials/42"]))
            .credentials()
        #expect(provided?.provider == "container")
        #expect(provided?.credentials.accessKeyID == "ASIAEXAMPLE000000001")
        #expect(provided?.credentials.secretAccessKey == "CANARY-secret")
        #expect(provided?.credentials.sessionToken == "CANARY-token")
        #expect(provided?.credentials.expiration == Date(timeIntervalSince1970: 1_767_247_200))
        let request = try #require(services.requests.first)
        #expect(request.method == .get)
        #expect(request.url == "http://169.254.170.2/v2/credentials/42")
        #expect(request.header("accept") == "application/json")
        #expect(request.header("authorization") == nil)
        #expect(request.timeout == .seconds(2))
        #expect(provided.map { "\($0)".contains(canary) } == false)
    }

    @Test func `EKS Pod Identity: the token file is read each time and goes before the variable`() async throws {
        let services = FakeServices(files: ["/var/token": "first"]) { _ in OutgoingResponse(200, Self.body) }
        let provider = ContainerProvider(
            context: services.context([
                Self.full: "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/token",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN": "other",
            ]))
        _ = try await provider.credentials()
        services.write("/var/token", "second")
        _ = try await provider.credentials()
        #expect(services.requests.map { $0.header("authorization") } == ["first", "second"])
    }

    @Test func `the token in the variable is sent unchanged`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, Self.body) }
        let variables = [Self.full: "http://localhost:9000/creds", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic abc"]
        _ = try await ContainerProvider(context: services.context(variables)).credentials()
        #expect(services.requests.first?.header("authorization") == "Basic abc")
    }

    @Test(arguments: [
        "http://127.0.0.1/c", "http://127.8.9.10:99/c", "http://[::1]/c", "http://localhost/c", "http://169.254.170.2/c",
        "http://169.254.170.23/c", "http://[fd00:ec2::23]/c", "https://anything.example/c",
    ])
    func `allowed hosts receive a request`(url: String) async throws {
        let services = FakeServices { _ in OutgoingResponse(200, Self.body) }
        _ = try await ContainerProvider(context: services.context([Self.full: url])).credentials()
        #expect(services.requests.map(\.url) == [url])
    }

    @Test(arguments: [
        [full: "http://169.254.170.3/c"], [full: "http://example.com/c"], [full: "http://127.0.0.1.example.com/c"],
        [full: "http://169.254.170.2@example.com/c"], [full: "http://169.254.170.23.example.com/"],
        [full: "http://10.0.0.1/"],
        [full: "ftp://127.0.0.1/"], [full: "127.0.0.1/c"], [full: "http://2130706433/"], [full: "http://[fd00:ec2::24]/"],
        [relative: "v2/credentials"], [relative: "@example.com/"], [relative: ".example.com/"],
        [relative: ":80@example.com/"],
        [relative: "/a b"], [relative: "/a\r\nX: y"],
    ])
    func `no request goes to other hosts`(variables: [String: String]) async {
        let services = FakeServices { _ in OutgoingResponse(200, Self.body) }
        let found = await problem { () async throws(CredentialError) in
            try await ContainerProvider(context: services.context(variables)).credentials()
        }
        #expect(found?.isConfiguration == true)
        #expect(services.requests.isEmpty)
    }

    @Test func `without its variables the provider is not configured`() async throws {
        let services = FakeServices()
        #expect(try await ContainerProvider(context: services.context()).credentials() == nil)
        #expect(
            try await ContainerProvider(context: services.context([Self.relative: "", Self.full: ""])).credentials() == nil)
        #expect(services.requests.isEmpty)
    }

    @Test(arguments: ["CANARY\n", "CANARY\r\nX-Other: 1", "a\rb", "\u{e9}CANARY", "CANARY\u{7f}"])
    func `a token that no header can have is a configuration error`(token: String) async {
        let services = FakeServices(files: ["/t": token]) { _ in OutgoingResponse(200, Self.body) }
        for extra in [["AWS_CONTAINER_AUTHORIZATION_TOKEN": token], ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/t"]] {
            let variables = [Self.full: "http://localhost/"].merging(extra) { $1 }
            let found = await problem { () async throws(CredentialError) in
                try await ContainerProvider(context: services.context(variables)).credentials()
            }
            #expect(found?.isConfiguration == true)
            #expect(found?.description.contains(canary) == false)
        }
        #expect(services.requests.isEmpty)
    }

    @Test func `a missing token file is an outage, not a configuration error`() async {
        let variables = [Self.full: "http://localhost/", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/gone"]
        let found = await problem { () async throws(CredentialError) in
            try await ContainerProvider(context: FakeServices().context(variables)).credentials()
        }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("/gone") == true)
    }

    @Test(arguments: [
        (500, body), (403, #"{"code":"AccessDenied","message":"CANARY"}"#), (302, ""), (200, "<html>CANARY</html>"),
        (200, "[]"), (200, ""),
        (200, #"{"AccessKeyId":"A","SecretAccessKey":"CANARY","Token":"CANARY"}"#),
        (200, #"{"AccessKeyId":"A","SecretAccessKey":"CANARY","Expiration":"2026-01-01T06:00:00Z"}"#),
        (200, #"{"AccessKeyId":"A","SecretAccessKey":"","Token":"CANARY","Expiration":"2026-01-01T06:00:00Z"}"#),
        (200, #"{"AccessKeyId":7,"SecretAccessKey":"CANARY","Token":"CANARY","Expiration":"2026-01-01T06:00:00Z"}"#),
        (200, #"{"AccessKeyId":"A","SecretAccessKey":"CANARY\n","Token":"CANARY","Expiration":"2026-01-01T06:00:00Z"}"#),
        (200, #"{"AccessKeyId":"A/CANARY","SecretAccessKey":"b","Token":"CANARY","Expiration":"2026-01-01T06:00:00Z"}"#),
        (200, #"{"AccessKeyId":"A","SecretAccessKey":"CANARY","Token":"CANARY","Expiration":"CANARY"}"#),
        (
            200,
            #"{"AccessKeyId":"A","AccessKeyId":"CANARY","SecretAccessKey":"b","Token":"c","Expiration":"2026-01-01T06:00:00Z"}"#
        ),
    ])
    func `an incomplete answer is refused, and its text is not shown`(status: Int, body: String) async {
        let services = FakeServices { _ in OutgoingResponse(status, body) }
        let found = await problem { () async throws(CredentialError) in
            try await ContainerProvider(context: services.context([Self.relative: "/c"])).credentials()
        }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains(canary) == false)
    }

    @Test func `an answer in which id and secret are exchanged is refused`() async {
        let body = Self.body.replacingOccurrences(of: "CANARY-secret", with: "AKIAEXAMPLE000000001")
            .replacingOccurrences(of: "ASIAEXAMPLE000000001", with: "CANARYsecret")
        let services = FakeServices { _ in OutgoingResponse(200, body) }
        let found = await problem { () async throws(CredentialError) in
            try await ContainerProvider(context: services.context([Self.relative: "/c"])).credentials()
        }
        #expect(found?.isExchangedPair == true)
    }

    @Test(arguments: [OutgoingError.timedOut(seconds: 2), .unreachable("refused"), .tooLarge(limit: 9), .broken])
    func `without an answer there are no credentials`(failure: OutgoingError) async {
        let services = FakeServices { _ throws(OutgoingError) in throw failure }
        let found = await problem { () async throws(CredentialError) in
            try await ContainerProvider(context: services.context([Self.relative: "/c"])).credentials()
        }
        #expect(found?.isUnavailable == true)
    }

    @Test func `AWS_CA_BUNDLE is used over https and not over http`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, Self.body) }
        for url in ["https://creds.example/", "http://localhost/"] {
            _ = try await ContainerProvider(context: services.context([Self.full: url, "AWS_CA_BUNDLE": "/ca.pem"]))
                .credentials()
        }
        #expect(services.requests.map(\.authorities) == ["/ca.pem", nil])
    }
}
