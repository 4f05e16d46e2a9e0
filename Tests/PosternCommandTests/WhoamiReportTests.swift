// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternServer
import PosternTestSupport
import RuleFiles
import Testing
import UserAuth
import WireFormats

@testable import postern

struct WhoamiReportTests {
    private static let now = Date.january2027

    private let folder: TemporaryFolder
    private let signer: TokenSigner
    private let key: APIKey
    private let expiredKey: APIKey
    private let identities: AuthenticationSetup

    init() async throws {
        folder = try TemporaryFolder()
        signer = try #require(TokenSigner.generate(.es256))
        var random = SystemRandomNumberGenerator()
        key = try #require(APIKey.generate(tenant: "acme", id: "cms", random: &random))
        expiredKey = try #require(APIKey.generate(tenant: "acme", id: "old", random: &random))
        try folder.write(try #require(signer.publicPEM), to: "key.pem")
        try folder.write(
            """
            tenant: acme
            store: {bucket: acme-uploads, region: eu-west-1}
            auth:
              issuers:
                - {issuer: https://id.example, audience: uploads, algorithms: [ES256], keys: {pemFile: ../key.pem}, attributes: {org: typ}}
              apiKeys:
                - {id: cms, sha256: \(key.sha256Hex), rules: [files], allowUsers: [u1, u2]}
                - {id: old, sha256: \(expiredKey.sha256Hex), expires: 2026-12-31}
            rules:
              files: {keyPrefix: files/, contentTypes: [image/png], maxSize: 1MiB}
              photos: {keyPrefix: photos/, contentTypes: [image/png], maxSize: 1MiB, requireScope: photos}
              orgs: {keyPrefix: "orgs/{claim.org}/", contentTypes: [image/png], maxSize: 1MiB, requireScope: orgs}
            """, to: "tenants/acme.yaml")
        try folder.write(
            """
            issuers:
              - {issuer: https://all.example, audience: uploads, algorithms: [ES256], keys: {pemFile: key.pem}, tenantClaim: org}
            """, to: "postern.yaml")
        var settings = try ServiceSettings(file: "\(folder.path)/postern.yaml")
        settings.tenants = "\(folder.path)/tenants"
        identities = try await AuthenticationSetup.load(settings)
    }

    private func report(_ credential: String) -> WhoamiReport {
        WhoamiReport(
            facts: UnverifiedClaims(credential, at: Self.now, issuers: identities.issuers.all.map(\.issuer)),
            judgement: identities.authenticator.report(authorization: ["Bearer \(credential)"], at: Self.now),
            identities: identities)
    }

    private func json(_ credential: String) throws -> JSONValue {
        try JSONValue(parsing: Array(report(credential).json.utf8))
    }

    private func token(issuer: String = "https://id.example", lifetime: Int = 600, _ others: [(String, String)] = []) throws
        -> String
    {
        let claims = TokenClaims(
            issuer: issuer, audience: "uploads", user: "u1", issuedAt: Self.now - 60, lifetime: lifetime,
            others: others.map { (name: $0, value: $1) })
        return try #require(signer.token(payload: claims.json, keyID: nil))
    }

    @Test func `a valid token is accepted with its identity and usable rules`() throws {
        let json = try json(token([("scope", "photos")]))
        #expect(json.names == ["letIn", "reason", "advice", "facts", "checks", "identity"])
        #expect(json["letIn"] == .bool(true) && json["reason"] == .null && json["advice"] == .null)
        #expect(json["facts"]?["iss"]?.string == "https://id.example")
        let identity = try #require(json["identity"])
        #expect(identity["tenant"]?.string == "acme" && identity["user"]?.string == "u1")
        #expect(identity["issuer"]?.string == "https://id.example" && identity["keyId"] == .null)
        #expect(identity["expiresAt"]?.string == "2027-01-15T08:09:00Z")
        #expect(identity["scopes"] == .array([.string("photos")]))
        #expect(identity["rules"] == .array([.string("files"), .string("photos")]))
        #expect(json["checks"]?.elements?.allSatisfy { $0["verdict"]?.string == "passed" } == true)
    }

    @Test func `rules whose scope is missing are not usable`() throws {
        #expect(try json(token())["identity"]?["rules"] == .array([.string("files")]))
    }

    @Test func `a rule is either usable or has a reason why not`() throws {
        func rules(_ others: [(String, String)]) throws -> (rules: JSONValue?, others: JSONValue?) {
            let identity = try json(token(others))["identity"]
            return (identity?["rules"], identity?["otherRules"])
        }
        let without = try rules([("scope", "orgs photos")])
        #expect(without.rules == .array([.string("files"), .string("photos")]))
        #expect(without.others?.names == ["orgs"] && without.others?["orgs"]?.string == "needs the claim org")
        let with = try rules([("scope", "orgs"), ("typ", "acme")])
        #expect(with.rules == .array([.string("files"), .string("orgs")]))
        #expect(with.others?["photos"]?.string == "needs the scope photos")
    }

    @Test func `a claim with the name of a member of the header has a name of its own among the facts`() throws {
        let facts = try json(token([("typ", "acme")]))["facts"]
        #expect(facts?["typ"]?.string == "JWT" && facts?["claim typ"]?.string == "acme")
    }

    @Test func `an API key is accepted with its rules and users`() throws {
        let identity = try #require(try json(key.key)["identity"])
        #expect(identity["apiKey"]?.string == "cms" && identity["allowUsers"]?.string == "u1 u2")
        #expect(identity["user"] == .null && identity["expiresAt"] == .null)
        #expect(identity["rules"] == .array([.string("files")]))
    }

    @Test func `a refused token has its reason, advice and failed check`() throws {
        let json = try json(token(lifetime: -600))
        #expect(json["letIn"] == .bool(false) && json["reason"]?.string == "expired" && json["identity"] == .null)
        #expect(json["advice"]?.string?.isEmpty == false)
        let verdicts = try #require(json["checks"]?.elements).compactMap { $0["verdict"]?.string }
        #expect(verdicts.count { $0 == "failed" } == 1)
        #expect(verdicts.first == "passed" && verdicts.last == "not reached")
    }

    @Test func `the advice for an unknown issuer lists the declared ones`() throws {
        let report = report(try token(issuer: "https://id.example/"))
        #expect(report.reason == "issuer-unknown")
        #expect(report.advice?.contains("https://all.example, https://id.example") == true)
    }

    @Test func `a token of a tenant without a rule file is refused`() throws {
        let known = report(try token(issuer: "https://all.example", [("org", "acme")]))
        // It has an issuer of its own, so service-wide ones do not count.
        #expect(known.reason == "tenant-unknown" && known.advice?.contains("serviceIssuers") == true)
        let unknown = report(try token(issuer: "https://all.example", [("org", "beta")]))
        #expect(unknown.reason == "tenant-unknown" && unknown.rules.isEmpty)
        #expect(unknown.advice?.contains("beta.yaml") == true)
        #expect(unknown.lines.suffix(2).map(\.verdict) == [.failed, .notReached])
    }

    @Test func `an expired API key and a wrong secret have reasons of their own`() throws {
        #expect(report(expiredKey.key).reason == "api-key-expired")
        let wrong = key.key.dropLast(2) + (key.key.hasSuffix("AA") ? "BA" : "AA")
        #expect(report(String(wrong)).reason == "api-key-mismatch")
    }

    @Test func `neither text nor JSON has a signature or a secret`() throws {
        let token = try token()
        let signature = try #require(token.split(separator: ".").last)
        for credential in [token, String(token.dropLast(4)), key.key, String(key.key.dropLast(4))] {
            let report = report(credential)
            let secret = credential == token ? signature : try #require(credential.split(separator: ".").last)
            for text in [report.text, report.json] { #expect(!text.contains(secret.prefix(12))) }
        }
    }

    @Test func `text has a line for each check`() throws {
        let report = report(try token())
        for line in report.lines { #expect(report.text.contains("passed       \(line.check)\n")) }
        #expect(report.text.contains("\n  tenant      acme\n"))
        #expect(self.report("nonsense").text.contains("\n  FAILED       "))
    }
}
