// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Foundation
import LocalFiles
import OutgoingHTTP
import PosternTestSupport
import Testing
import WireFormats

@testable import postern

struct CredentialReportTests {
    private static let variables = ["AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000001", "AWS_SECRET_ACCESS_KEY": "canary-secret"]

    /// Asks the standard chain with these variables, without files, and with these answers of other services.
    private func finding(
        _ variables: [String: String], tenants: [String] = [], asksSTS: Bool = false,
        answer: @escaping @Sendable (OutgoingRequest) throws(OutgoingError) -> OutgoingResponse = { _ throws(OutgoingError) in
            throw .unreachable("connection refused")
        }
    ) async -> CredentialFinding {
        let context = ProviderContext(
            variables: variables, home: "/home/none", readFile: { _ throws(FileReadError) in throw .notFound },
            send: { request async throws(OutgoingError) in try answer(request) }, now: { .january2027 }, uptime: { .zero })
        return await CredentialFinding(
            .init(origin: .standard, users: tenants.map { .init(tenant: $0, store: nil) }, region: "eu-west-1"),
            CredentialChain(.standard, context: context), asksSTS: asksSTS)
    }

    private func json(_ findings: [CredentialFinding]) throws -> JSONValue {
        try JSONValue(parsing: Array(CredentialReport(findings: findings).json.utf8))
    }

    @Test func `JSON has the provider, the key id and what was asked`() async throws {
        let json = try json([await finding(Self.variables, tenants: ["acme", "beta"])])
        #expect(json.names == ["ok", "sources"] && json["ok"] == .bool(true))
        let source = try #require(json["sources"]?.elements?.first)
        #expect(
            source.names == [
                "source", "tenants", "stores", "provider", "accessKeyId", "temporary", "expiresAt", "identity", "identityProblem",
                "problem",
                "asked",
            ])
        #expect(source["tenants"] == .array([.string("acme"), .string("beta")]))
        #expect(source["provider"]?.string == "environment" && source["accessKeyId"]?.string == "AKIAEXAMPLE000000001")
        #expect(source["temporary"] == .bool(false) && source["expiresAt"] == .null && source["problem"] == .null)
        #expect(source["asked"]?.elements?.first?["provider"]?.string == "environment")
    }

    @Test func `STS is not asked about keys of other stores`() {
        let users = [CredentialFinding.User(tenant: "acme", store: nil)]
        #expect(CredentialFinding.Source(origin: .standard).isAWS)
        #expect(CredentialFinding.Source(origin: .standard, users: users, region: "eu-west-1").isAWS)
        #expect(!CredentialFinding.Source(origin: .standard, users: users).isAWS)
    }

    @Test func `temporary credentials have their expiration`() async throws {
        let variables = Self.variables.merging([
            "AWS_SESSION_TOKEN": "canary-token", "AWS_CREDENTIAL_EXPIRATION": "2027-01-15T09:00:00Z",
        ]) { $1 }
        let report = CredentialReport(findings: [await finding(variables)])
        let source = try #require(try JSONValue(parsing: Array(report.json.utf8))["sources"]?.elements?.first)
        #expect(source["temporary"] == .bool(true) && source["expiresAt"]?.string == "2027-01-15T09:00:00Z")
        #expect(report.text.contains("AKIAEXAMPLE000000001 (temporary)") && report.text.contains("2027-01-15T09:00:00Z"))
    }

    @Test func `the identity is that of STS, or the reason why it is not known`() async throws {
        let known = await finding(Self.variables, asksSTS: true) { _ in
            let xml = """
                <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>\
                <Arn>arn:aws:iam::123456789012:user/up</Arn><UserId>AIDA</UserId><Account>123456789012</Account>\
                </GetCallerIdentityResult></GetCallerIdentityResponse>
                """
            return OutgoingResponse(status: 200, body: Array(xml.utf8))
        }
        let identity = try json([known])["sources"]?.elements?.first?["identity"]
        #expect(identity?["arn"]?.string == "arn:aws:iam::123456789012:user/up")
        #expect(identity?["account"]?.string == "123456789012" && identity?["userId"]?.string == "AIDA")
        let unknown = try #require(try json([await finding(Self.variables, asksSTS: true)])["sources"]?.elements?.first)
        #expect(unknown["identity"] == .null && unknown["identityProblem"]?.string?.isEmpty == false)
        #expect(unknown["problem"] == .null)
        let notAsked = try json([await finding(Self.variables)])["sources"]?.elements?.first
        #expect(notAsked?["identity"] == .null && notAsked?["identityProblem"] == .null)
    }

    @Test func `one source without credentials makes the report not ok`() async throws {
        let findings = [await finding(Self.variables), await finding(["AWS_EC2_METADATA_DISABLED": "true"])]
        let json = try json(findings)
        #expect(json["ok"] == .bool(false))
        let source = try #require(json["sources"]?.elements?.last)
        #expect(source["provider"] == .null && source["problem"]?.string?.isEmpty == false)
        #expect(source["asked"]?.elements?.count == 4)
    }

    @Test func `neither text nor JSON has a secret`() async {
        let variables = Self.variables.merging(["AWS_SESSION_TOKEN": "canary-token"]) { $1 }
        for asksSTS in [false, true] {
            let report = CredentialReport(findings: [await finding(variables, asksSTS: asksSTS)])
            #expect(!report.text.contains("canary") && !report.json.contains("canary"))
        }
    }

    @Test func `text has the tenants of a source and every provider that was asked`() async {
        let text = CredentialReport(findings: [await finding(["AWS_EC2_METADATA_DISABLED": "true"], tenants: ["acme"])]).text
        #expect(text.split(separator: "\n").first?.contains("acme") == true)
        for provider in ["environment", "profile default", "container", "instance metadata"] {
            #expect(text.contains("\(provider): "))
        }
    }
}
