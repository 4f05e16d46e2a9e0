// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UserAuth
import WireFormats

@testable import RuleFiles

struct IssuerReaderTests {
    /// The issuer of a tenant, with these lines.
    private func issuer(
        _ lines: String, issuer: String = "https://id.acme.example", audience: String = "audience: uploads"
    ) throws -> Issuer {
        try #require(try outcome(lines, issuer, audience).result.get().files.first?.issuers.first)
    }

    private func warnings(_ lines: String, issuer: String = "https://id.acme.example", audience: String = "audience: uploads")
        -> String
    {
        outcome(lines, issuer, audience).warnings.map { String($0.description.dropFirst("t/acme.yaml:".count)) }
            .joined(separator: "\n")
    }

    private func outcome(_ lines: String, _ issuer: String, _ audience: String) -> RuleLoader.Outcome {
        let keys = "      keys: {jwksFile: jwks.json}\n"
        let yaml = Example.acme
            .replacing("https://id.acme.example", with: issuer)
            .replacing("audience: uploads", with: audience)
            .replacing(keys, with: (lines.contains("keys:") ? "" : keys) + (lines.isEmpty ? "" : "      \(lines)\n"))
        return Example.load(["acme.yaml": yaml])
    }

    private func service(_ lines: String) throws(RuleFilesError) -> ServiceSettings {
        let yaml = """
            issuers:
              - issuer: https://login.microsoftonline.com/{tid}/v2.0
                audience: uploads
                algorithms: [RS256]
            \(lines)
            """
        return try ServiceSettings(file: "p.yaml", files: .memory(["p.yaml": yaml]))
    }

    private func problems(_ lines: String) -> [String] {
        do throws(RuleFilesError) {
            _ = try service(lines)
            return []
        } catch {
            return error.problems.map { String($0.description.dropFirst("p.yaml:".count)) }
        }
    }

    // MARK: Values

    @Test func `every key of an issuer is read`() throws {
        let full = try issuer(
            """
            audienceClaim: client_id
                  authorizedParties: [https://app.acme.example, web]
                  claims: {token_use: access, flag: true, off: false, level: 2, ratio: -0.5e1}
                  user: [app_metadata, user_id]
                  scopes: [scope, scp, [realm_access, roles]]
                  attributes: {org: [app_metadata, org_id], plan-1: plan}
                  name: staff
                  maxLifetime: 1h
                  clockSkew: 5m
                  until: 2026-12-31T00:00:00Z
            """)
        #expect(full.audienceClaim == "client_id" && full.audiences == ["uploads"])
        #expect(full.authorizedParties == ["https://app.acme.example", "web"])
        #expect(
            full.requiredClaims == [
                RequiredClaim(name: "token_use", value: .string("access")), RequiredClaim(name: "flag", value: .bool(true)),
                RequiredClaim(name: "off", value: .bool(false)), RequiredClaim(name: "level", value: .number(2)),
                RequiredClaim(name: "ratio", value: .number(-5)),
            ])
        #expect(full.userClaim == ClaimPath("app_metadata", ["user_id"]))
        #expect(full.scopeClaims == [ClaimPath("scope"), ClaimPath("scp"), ClaimPath("realm_access", ["roles"])])
        #expect(
            full.attributes == [
                Issuer.Attribute(name: "org", claim: ClaimPath("app_metadata", ["org_id"])),
                Issuer.Attribute(name: "plan-1", claim: ClaimPath("plan")),
            ])
        #expect(full.name == "staff" && full.maximumLifetime == 3600 && full.clockSkew == 300 && full.end == 1_798_675_200)
    }

    @Test func `keys that are absent have their defaults`() throws {
        let plain = try issuer("")
        var expected = Issuer(
            pattern: IssuerPattern(exact: "https://id.acme.example"), algorithms: [.rs256], keySource: .jwksFile("t/jwks.json"))
        expected.audiences = ["uploads"]
        #expect(plain == expected)
        #expect(plain.audienceClaim == "aud" && plain.clockSkew == 60 && plain.end == nil && plain.userClaim == ClaimPath("sub"))
        #expect(plain.scopeClaims == [ClaimPath("scope"), ClaimPath("scp")])
    }

    @Test(
        arguments: [
            ("true", .bool(true)), ("false", .bool(false)), ("'true'", .string("true")), ("\"false\"", .string("false")),
            ("True", .string("True")), ("yes", .string("yes")), ("'null'", .string("null")), ("'~'", .string("~")),
            ("0", .number(0)), ("-7", .number(-7)), ("2.50", .number(2.5)), ("1E3", .number(1000)), ("'2'", .string("2")),
            ("\"2.5\"", .string("2.5")), ("010", .string("010")), (".5", .string(".5")), ("+1", .string("+1")),
            ("0x10", .string("0x10")), ("1_000", .string("1_000")), ("9007199254740991", .number(9_007_199_254_740_991)),
            ("'9007199254740993'", .string("9007199254740993")), ("acme.example", .string("acme.example")),
            ("2026-12-31", .string("2026-12-31")), ("'é'", .string("é")),
        ] as [(String, RequiredClaim.Value)])
    func `a required claim is what JSON would have without quotes, and else a text`(text: String, value: RequiredClaim.Value)
        throws
    {
        #expect(try issuer("claims: {x: \(text)}").requiredClaims == [RequiredClaim(name: "x", value: value)])
        // In a block too.
        #expect(try issuer("claims:\n        x: \(text)").requiredClaims == [RequiredClaim(name: "x", value: value)])
    }

    @Test func `a text in a block scalar is a text`() throws {
        #expect(
            try issuer("claims:\n        x: |-\n          true").requiredClaims
                == [RequiredClaim(name: "x", value: .string("true"))])
    }

    @Test func `a claim is a name or a path, and a name has no escapes`() throws {
        for (text, path) in [
            ("https://acme.example/id", ClaimPath("https://acme.example/id")), ("a.b", ClaimPath("a.b")),
            ("'[a, b]'", ClaimPath("[a, b]")), ("[a]", ClaimPath("a")), ("[a, a]", ClaimPath("a", ["a"])),
            ("[kubernetes.io, serviceaccount, uid]", ClaimPath("kubernetes.io", ["serviceaccount", "uid"])),
            (
                "[\(Array(repeating: "a", count: 16).joined(separator: ", "))]",
                ClaimPath("a", Array(repeating: "a", count: 15))
            ),
        ] {
            #expect(try issuer("user: \(text)").userClaim == path)
            #expect(try issuer("scopes: [\(text), x]").scopeClaims == [path, ClaimPath("x")])
            #expect(try issuer("attributes: {a: \(text)}").attributes == [Issuer.Attribute(name: "a", claim: path)])
        }
    }

    @Test func `an audience, an authorized party, or both are required`() throws {
        let party = try issuer("", audience: "authorizedParties: https://app.acme.example")
        #expect(party.audiences == [] && party.authorizedParties == ["https://app.acme.example"])
        #expect(try issuer("authorizedParties: []").authorizedParties == [])
        #expect(try issuer("authorizedParties: [a, b]").authorizedParties == ["a", "b"])
    }

    @Test func `the clock skew can be zero, and a date ends an issuer at the start of the day`() throws {
        #expect(try issuer("clockSkew: 0s").clockSkew == 0)
        #expect(try issuer("until: 2026-12-31").end == 1_798_675_200)
        #expect(try issuer("until: 2026-12-31T18:00:00.9+01:00").end == 1_798_736_400)
    }

    // MARK: Placeholders

    @Test func `a service-wide issuer can have a placeholder, with keys from a fixed place`() throws {
        let keys = "    keys: {jwks: https://login.microsoftonline.com/common/discovery/v2.0/keys}"
        let settings = try service("\(keys)\n    tenantClaim: [o, id]\n    user: oid\n    name: entra")
        let issuer = try #require(settings.issuers.first)
        #expect(issuer.pattern.template?.claim == "tid" && issuer.pattern.template?.end == "/v2.0")
        #expect(issuer.tenantClaim == ClaimPath("o", ["id"]) && issuer.userClaim == ClaimPath("oid") && issuer.name == "entra")
        for keys in ["jwksFile: j", "pemFile: p"] {
            #expect(problems("    keys: {\(keys)}\n    tenantClaim: tid") == [])
        }
        #expect(problems("    keys: {jwksFile: j}\n    tenantClaim: tid\n    user: [email, id]") == [])
    }

    @Test func `keys for an issuer with a placeholder do not depend on the token`() {
        #expect(
            problems("    keys: {discovery: true}\n    tenantClaim: tid") == [
                "5:23: with {tid} in the issuer, discovery would fetch keys from an address that depends on a token; write the one "
                    + "address of all keys: keys: {jwks: \"https://login.microsoftonline.com/common/discovery/v2.0/keys\"}"
            ])
        #expect(
            problems("    keys: {jwks: 'https://login.microsoftonline.com/{tid}/discovery/v2.0/keys'}\n    tenantClaim: tid") == [
                "5:18: “https://login.microsoftonline.com/{tid}/discovery/v2.0/keys” has braces, and keys are never fetched from an "
                    + "address that depends on a token; write the one address of all keys: "
                    + "https://login.microsoftonline.com/common/discovery/v2.0/keys"
            ])
        #expect(
            problems("    keys: {secretFile: s}\n    tenantClaim: tid").contains(
                "5:24: one shared secret for every value of {tid} would let its holder sign tokens of any directory; write jwks, jwksFile or pemFile"
            ))
    }

    @Test(arguments: ["email", "upn", "preferred_username", "unique_name", "name", "[profile, email]", "[email]"])
    func `the user of an issuer with a placeholder is no claim that a directory can set`(claim: String) {
        let last = claim == "[profile, email]" || claim == "[email]" ? "email" : claim
        #expect(
            problems("    keys: {jwksFile: j}\n    tenantClaim: tid\n    user: \(claim)") == [
                "7:11: every directory can give its users any “\(last)”, also that of another directory's user; name the user by a "
                    + "claim that the provider assigns: user: oid, or sub"
            ])
    }

    @Test(arguments: [
        "https://login.microsoftonline.com/x{tid}/v2.0", "https://{tid}.example/v2.0", "https://a.example/{tid}/{x}",
        "http://a.example/{tid}/", "https:///{tid}/", "https://a.example/?x=/{tid}", "https://a.example?/{tid}",
        "https://a.example/#/{tid}", "https://a.example/{}/", "https://a.example/{tid/", "{tid}",
    ])
    func `a placeholder is one whole segment of the path of an https URL`(text: String) {
        let yaml = """
            issuers:
              - {issuer: "\(text)", audience: a, algorithms: [RS256], keys: {jwksFile: j}, tenantClaim: tid}
            """
        let error = #expect(throws: RuleFilesError.self) {
            try ServiceSettings(file: "p.yaml", files: .memory(["p.yaml": yaml]))
        }
        #expect(
            error?.description
                == "p.yaml:2:14: the braces in “\(text)” are not one whole segment of the path; write one placeholder "
                + "between two “/” after the host: https://login.microsoftonline.com/{tid}/v2.0")
    }

    // MARK: Warnings

    @Test func `the issuer of Auth0 ends in a slash`() {
        #expect(
            warnings("", issuer: "https://acme.eu.auth0.com")
                == "7:15: the issuer of Auth0's tokens ends in “/”; write https://acme.eu.auth0.com/")
        for issuer in ["https://acme.eu.auth0.com/", "https://auth0.com.example", "https://notauth0.com", "acme.eu.auth0.com"] {
            #expect(warnings("", issuer: issuer) == "", "\(issuer)")
        }
    }

    @Test func `every client of a Keycloak realm has the audience account`() {
        #expect(
            warnings("", audience: "audience: [uploads, account]")
                == "8:27: in Keycloak, the tokens of every client of a realm have the audience “account”; write authorizedParties: "
                + "[CLIENT], or add an audience mapper for uploads in Keycloak")
        #expect(warnings("authorizedParties: web", audience: "audience: account") == "")
        #expect(warnings("audienceClaim: client_id", audience: "audience: account") == "")
    }

    @Test(arguments: [
        "email", "preferred_username", "upn", "unique_name", "nickname", "name", "given_name", "family_name",
        "[user_metadata, id]", "[unsafe_metadata, id]", "[x, user_metadata]",
    ])
    func `claims that users can change are warned of`(claim: String) throws {
        #expect(
            warnings("user: \(claim)")
                == "11:13: at many providers users can change “\(claim)” themselves, and then upload as someone else; name the user by "
                + "a claim that never changes: sub")
        #expect(
            warnings("attributes: {org: \(claim)}")
                == "11:25: at many providers users can change “\(claim)” themselves, and with it the folder that {claim.org} is; "
                + "use a claim that only the provider sets")
        let settings = try service("    keys: {jwksFile: j}\n    tenantClaim: \(claim)")
        let loaded = Example.load(["acme.yaml": Example.acme], service: settings)
        #expect(
            loaded.warnings.map(\.description) == [
                "p.yaml:6:18: at many providers users can change “\(claim)” themselves, and then upload for another tenant; name the "
                    + "tenant by a claim that only the provider sets"
            ])
    }

    @Test func `claims that providers set are not warned of, nor an address that was verified`() {
        for lines in [
            "user: oid", "user: uid", "user: username", "user: [app_metadata, user_id]", "attributes: {org: org_name}",
            "user: [team, name]", "user: email\n      claims: {email_verified: true}",
            "user: email\n      claims: {email_verified: 'true'}",
        ] {
            #expect(warnings(lines) == "", "\(lines)")
        }
        #expect(warnings("user: email\n      claims: {email_verified: false}") != "")
        #expect(warnings("user: name\n      claims: {email_verified: true}") != "")
    }

    @Test(arguments: ["common", "organizations", "consumers"])
    func `no token has Entra's issuer of many directories`(segment: String) {
        let issuer = "https://login.microsoftonline.com/\(segment)/v2.0"
        let first =
            "7:15: no token has this issuer: Entra ID writes the id of the user's directory instead of “\(segment)”; write that id, or, "
            + "for many directories, a service-wide issuer: https://login.microsoftonline.com/{tid}/v2.0"
        #expect(warnings("", issuer: issuer) == first)
        #expect(
            warnings("keys: {discovery: true}", issuer: issuer)
                == first + "\n10:25: the discovery document there names another issuer, so its keys are refused; write keys: "
                + "{jwks: \"https://login.microsoftonline.com/common/discovery/v2.0/keys\"}")
        for other in [
            "https://login.microsoftonline.com/3f2504e0-4f89-41d3-9a0c-0305e82c3301/v2.0",
            "https://id.acme.example/\(segment)/v2.0",
            "https://accounts.google.com", "accounts.google.com",
        ] {
            #expect(warnings("", issuer: other) == "", "\(other)")
        }
    }
}
