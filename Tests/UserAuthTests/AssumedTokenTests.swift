// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WireFormats

@testable import UserAuth

struct AssumedTokenTests {
    private static func configure(_ issuer: inout Issuer) {
        issuer.name = "staff"
        issuer.userClaim = ClaimPath("app", ["user", "id"])
        issuer.attributes = [
            .init(name: "org", claim: ClaimPath("app", ["org"])), .init(name: "name", claim: ClaimPath("app", ["user", "id"])),
            .init(name: "plan", claim: ClaimPath("plan")),
        ]
        issuer.requiredClaims = [
            .init(name: "token_use", value: .string(ExactString("access"))), .init(name: "level", value: .number(2)),
        ]
        issuer.authorizedParties = ["web"]
        issuer.scopeClaims = [ClaimPath("realm", ["roles"]), ClaimPath("scp")]
    }

    private static func assumed(
        _ token: AssumedToken, configure: (inout Issuer) -> Void = configure, owner: String? = "acme"
    ) throws -> Principal {
        var issuer = Issuer(pattern: IssuerPattern(exact: "https://id.example"), algorithms: [.es256], keySource: .jwksFile("k"))
        issuer.audiences = ["uploads"]
        configure(&issuer)
        return try token.principal(of: issuer, owner: owner, at: .now(0))
    }

    @Test func `the caller is the one that a verified token gives`() throws {
        let scene = try Scene(configure: Self.configure)
        var claims = Claims()
        for (name, json) in [
            ("app", #"{"user":{"id":"é"},"org":"o1"}"#), ("token_use", "\"access\""), ("level", "2"), ("azp", "\"web\""),
            ("realm", #"{"roles":["a","b"]}"#),
        ] { claims = claims.with(name, json) }
        let verified = try scene.authenticator.authenticate(
            authorization: ["Bearer \(try scene.key.token(claims))"], at: .now(0))
        let assumed = try Self.assumed(
            AssumedToken(
                issuer: "https://id.example", user: "é", tenant: "", attributes: [("org", "o1")], scopes: ["a", "b"]))
        #expect(assumed.tenant == verified.tenant && assumed.user == verified.user && assumed.scopes == verified.scopes)
        guard case .token(let left) = assumed.source, case .token(let right) = verified.source else {
            Issue.record("no token")
            return
        }
        #expect(left.issuer == right.issuer && left.issuerName == right.issuerName && left.isServiceWide == right.isServiceWide)
        #expect(left.attributes.map(\.name) == right.attributes.map(\.name) && left.attributes.map(\.name) == ["org", "name"])
        #expect(left.attributes.map(\.value) == right.attributes.map(\.value))
        #expect(left.issuedAt == right.issuedAt)
    }

    @Test func `a service-wide issuer's token names the tenant, and its placeholder's claim`() throws {
        let token = AssumedToken(issuer: "https://login.example/t1/v2", user: "u1", tenant: "org 1")
        var issuer = Issuer(
            pattern: try IssuerPattern(parsing: "https://login.example/{tid}/v2"), algorithms: [.es256], keySource: .jwksFile("k")
        )
        issuer.audiences = ["uploads"]
        issuer.tenantClaim = ClaimPath("org", ["id"])
        let principal = try token.principal(of: issuer, owner: nil, at: .now(0))
        #expect(principal.tenant == "org 1")
        guard case .token(let identity) = principal.source else { return }
        #expect(identity.isServiceWide && identity.issuer.identifier == "https://login.example/t1/v2")
    }

    @Test func `values that meet in one claim must be equal`() throws {
        let token = AssumedToken(issuer: "https://id.example", user: "u1", tenant: "", attributes: [("name", "u2")])
        #expect {
            try Self.assumed(token)
        } throws: {
            guard case AssumedToken.ClaimsError.contradiction(let claim) = $0 else { return false }
            return claim == "[app, user, id]"
        }
        let same = AssumedToken(issuer: "https://id.example", user: "u1", tenant: "", attributes: [("name", "u1")])
        #expect(try Self.assumed(same).user == "u1")
    }

    @Test(arguments: ["", String(repeating: "x", count: 257)])
    func `a user whom no token can have is refused`(user: String) {
        let reason = reason { try Self.assumed(AssumedToken(issuer: "https://id.example", user: user, tenant: "")) }
        #expect(reason == "user-malformed")
    }

    @Test func `requirements that the values break, and an end, are those of the issuer`() {
        let token = AssumedToken(issuer: "https://id.example", user: "u1", tenant: "")
        let mismatch = reason {
            try Self.assumed(token, configure: { $0.requiredClaims = [.init(name: "sub", value: .string(ExactString("u2")))] })
        }
        #expect(mismatch == "required-claim-mismatch")
        let ended = reason { try Self.assumed(token, configure: { $0.end = Double(Claims.now) }) }
        #expect(ended == "issuer-ended")
        let scoped = AssumedToken(issuer: "https://id.example", user: "u1", tenant: "", scopes: [""])
        let scopes = reason { try Self.assumed(scoped) }
        #expect(scopes == "scopes-malformed")
        let short = reason { try Self.assumed(token, configure: { $0.maximumLifetime = 1 }) }
        #expect(short == nil)
    }

    private func reason(_ body: () throws -> Principal) -> String? {
        do {
            _ = try body()
            return nil
        } catch AssumedToken.ClaimsError.refused(let error) {
            return error.reason
        } catch {
            return "\(error)"
        }
    }
}
