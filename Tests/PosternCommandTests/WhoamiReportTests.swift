// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternServer
import PosternTestSupport
import RuleFiles
import Testing
import UserAuth
import WireFormats

@testable import postern

/// A tenant with an API key and an issuer of its own, and a service-wide issuer.
struct WhoamiReportTests {
    private static let own = "https://id.acme.example"
    private static let wide = "https://id.example"
    private static let secret = Array("0123456789abcdef0123456789abcdef".utf8)

    private let folder: TemporaryFolder
    private let now = Date()
    private let identities: AuthenticationSetup
    private let apiKey: String

    init() async throws {
        folder = try TemporaryFolder()
        var random = SystemRandomNumberGenerator()
        let made = try #require(APIKey.make(tenant: "acme", id: "cms", random: &random))
        apiKey = made.key
        let yaml = """
            tenant: acme
            store: {bucket: acme-uploads, region: eu-west-1}
            auth:
              issuers:
                - {issuer: "\(Self.own)", audience: uploads, algorithms: [HS256], keys: {secretFile: secret}}
              apiKeys:
                - {id: cms, sha256: \(made.sha256Hex), allowUsers: [u1, u2], rules: [a]}
            rules:
              a: {keyPrefix: a/, contentTypes: [image/png], maxSize: 1MiB}
              b: {keyPrefix: b/, contentTypes: [image/png], maxSize: 1MiB}
            """
        try folder.write(yaml, to: "acme.yaml")
        let secret = try folder.write(Self.secret, to: "secret")
        var settings = ServiceSettings()
        settings.tenants = folder.path
        settings.issuers = [
            Issuer(
                identifier: Self.wide, audiences: ["uploads"], algorithms: [.hs256],
                keySource: .secretFile(secret), tenantClaim: "org")
        ]
        identities = try await AuthenticationSetup.load(settings)
    }

    private func report(_ credential: String) -> WhoamiReport {
        let judgement = identities.authenticator.judge(authorization: ["Bearer \(credential)"], at: now)
        return WhoamiReport(facts: UnverifiedClaims(credential, at: now), judgement: judgement, identities: identities)
    }

    private func token(
        _ issuer: String, audience: String = "uploads", age: Double = 0, lifetime: Int = 3600, secret: [UInt8] = secret,
        others: [(name: String, value: String)] = []
    ) throws -> String {
        let claims = TokenClaims(
            issuer: issuer, audience: audience, user: "u1", issuedAt: now.addingTimeInterval(-age), lifetime: lifetime,
            others: others)
        let signer = try #require(TokenSigner(secret: secret, algorithm: .hs256))
        return try #require(signer.token(payload: claims.json, keyID: nil))
    }

    private func object(_ report: WhoamiReport) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any])
    }

    @Test func `an accepted API key has its tenant, users and rules`() throws {
        let report = report(apiKey)
        let text = report.text
        #expect(report.isAccepted && !text.contains("FAILED") && !text.contains(apiKey.split(separator: ".").last ?? ""))
        let accepted = try #require(text.components(separatedBy: "It would be accepted as:\n").dropFirst().first)
        #expect(
            accepted == """
                  tenant      acme
                  user        –
                  apiKey      cms
                  allowUsers  u1 u2
                  expiresAt   –
                  scopes      –
                  rules       a
                """)
        let json = try object(report)
        let identity = try #require(json["identity"] as? [String: Any])
        #expect(json["letIn"] as? Bool == true && json["reason"] is NSNull && json["advice"] is NSNull)
        #expect(identity["tenant"] as? String == "acme" && identity["rules"] as? [String] == ["a"])
    }

    @Test func `an accepted token has its user, issuer and rules`() throws {
        let identity = try #require(try object(report(token(Self.own)))["identity"] as? [String: Any])
        #expect(identity["user"] as? String == "u1" && identity["issuer"] as? String == Self.own)
        #expect(identity["rules"] as? [String] == ["a", "b"])
    }

    @Test func `a refused token has the check that failed, and those after it were not reached`() throws {
        let report = report(try token("https://other.example"))
        #expect(report.lines.filter { $0.verdict == .failed }.map(\.check) == ["iss is a known issuer"])
        #expect(report.lines.last?.verdict == .notReached && report.principal == nil && report.rules.isEmpty)
        #expect(
            report.text.hasSuffix(
                """
                It would be refused: issuer-unknown
                Write this 'iss' byte for byte as 'issuer' (a '/' at the end counts). Declared: \(Self.own), \(Self.wide).
                """))
        let json = try object(report)
        #expect(json["letIn"] as? Bool == false && json["reason"] as? String == "issuer-unknown" && json["identity"] is NSNull)
        let checks = try #require(json["checks"] as? [[String: String]])
        #expect(checks.last == ["check": "the tenant is set up here", "verdict": "not reached"])
    }

    @Test func `a tenant without a rule file is the last check`() throws {
        let report = report(try token(Self.wide, others: [("org", "nowhere")]))
        #expect(report.reason == "tenant-unknown" && report.lines.last?.verdict == .failed)
        #expect(report.advice?.hasPrefix("Write nowhere.yaml in the folder of rule files") == true)
        #expect(self.report(try token(Self.wide, others: [("org", "acme")])).isAccepted)
    }

    @Test func `the advice fits the reason`() throws {
        var random = SystemRandomNumberGenerator()
        let other = try #require(APIKey.make(tenant: "acme", id: "cms", random: &random)).key
        let unknown = try #require(APIKey.make(tenant: "acme", id: "none", random: &random)).key
        let cases: [(credential: String, reason: String, advice: String)] = [
            ("opaque", "token-malformed", "A token is three parts of base64url"),
            (try token(Self.own, audience: "other"), "audience-mismatch", "Ask the issuer for a token whose 'aud'"),
            (try token(Self.own, age: 7200), "expired", "It has expired: get a new one."),
            (try token(Self.own, age: -7200), "issued-in-future", "It is from the future"),
            (try token(Self.own, lifetime: 90_000), "lifetime-too-long", "Its lifetime is longer than 'maxLifetime'"),
            (try token(Self.own, secret: Self.secret.reversed()), "signature-invalid", "It was not signed with the key"),
            (try token(Self.wide), "tenant-missing", "The claim that 'tenantClaim' of the issuer names"),
            (other, "api-key-mismatch", "There is a key of this id, but with another secret"),
            (unknown, "api-key-unknown", "No rule file declares this key"),
            (APIKey.prefix + "acme", "api-key-malformed", "An API key is \(APIKey.prefix)TENANT.ID.SECRET"),
        ]
        for (credential, reason, advice) in cases {
            let report = report(credential)
            #expect(report.reason == reason)
            #expect(report.advice?.hasPrefix(advice) == true, "\(reason): \(report.advice ?? "")")
        }
    }
}
