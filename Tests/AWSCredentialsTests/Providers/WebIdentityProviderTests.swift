// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct WebIdentityProviderTests {
    static let role = "arn:aws:iam::123456789012:role/pods"
    static let variables = ["AWS_ROLE_ARN": role, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_REGION": "eu-west-1"]

    static func provider(_ services: FakeServices, _ variables: [String: String] = variables) -> Asked {
        let context = services.context(variables)
        return Asked(provider: ProfileProvider(context: context), context: context)
    }

    static let answer: FakeServices.Handler = { _ in OutgoingResponse(200, STSAnswers.credentials("AssumeRoleWithWebIdentity")) }

    @Test func `the token file is read each time, without the line break at its end`() async throws {
        let services = FakeServices(files: ["/token": "first.jwt.x"], handler: Self.answer)
        let provider = Self.provider(services, Self.variables.merging(["AWS_ROLE_SESSION_NAME": "pod-7"]) { $1 })
        #expect(try await provider.credentials()?.provider == "web identity")
        services.write("/token", "second.jwt.x\n")
        _ = try await provider.credentials()
        #expect(services.requests.map { $0.form["WebIdentityToken"] } == ["first.jwt.x", "second.jwt.x"])
        #expect(services.requests.map { $0.form["RoleSessionName"] } == ["pod-7", "pod-7"])
        #expect(services.requests.first?.form["RoleArn"] == Self.role)
    }

    @Test func `a session without a name gets one`() async throws {
        let services = FakeServices(files: ["/token": "first.jwt.x"], handler: Self.answer)
        _ = try await Self.provider(services).credentials()
        #expect(services.requests.first?.form["RoleSessionName"] == "postern-1767225900")
    }

    @Test func `a token file without a role is a configuration error, and a role without a token file is ignored`() async throws {
        let services = FakeServices(files: ["/token": "first.jwt.x"], handler: Self.answer)
        let found = await problem { () async throws(CredentialError) in
            try await Self.provider(services, ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token"]).credentials()
        }
        #expect(found?.isConfiguration == true)
        let nothing = try await Self.provider(services, ["AWS_ROLE_ARN": Self.role]).credentials()
        #expect(nothing == nil)
        #expect(services.requests.isEmpty)
    }

    @Test(arguments: [nil, "", "\n", "CANARY two words", "abc", "CANARY\u{e9}", String(repeating: "x", count: 20_001)])
    func `a token file without a valid token is an outage, and no request is sent`(text: String?) async {
        let services = FakeServices(handler: Self.answer)
        services.write("/token", text)
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains("/token") == true)
        #expect(found?.description.contains(canary) == false)
        #expect(services.requests.isEmpty)
    }

    @Test func `an answer in which id and secret are exchanged is refused`() async {
        let services = FakeServices(files: ["/token": "a.b.c"]) { _ in
            OutgoingResponse(
                200, STSAnswers.credentials("AssumeRoleWithWebIdentity", key: "CANARYsecret", secret: "ASIAEXAMPLE000000001"))
        }
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isExchangedPair == true)
    }

    @Test(arguments: [
        ("InvalidIdentityToken", "identity provider"), ("ExpiredTokenException", "renew"),
        ("AccessDenied", "issuer, audience"),
    ])
    func `the error of a refused token gives advice and does not show the token`(code: String, advice: String) async {
        let services = FakeServices(files: ["/token": "CANARY.jwt.x"]) { _ in OutgoingResponse(400, STSAnswers.refusal(code)) }
        let found = await problem { () async throws(CredentialError) in try await Self.provider(services).credentials() }
        #expect(found?.isTransient == true)
        #expect(found?.description.contains(code) == true)
        #expect(found?.description.contains(advice) == true)
        #expect(found?.description.contains(canary) == false)
    }
}
