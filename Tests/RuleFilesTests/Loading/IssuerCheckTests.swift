// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import UploadRules
import UserAuth
import WireFormats

@testable import RuleFiles

/// Checks of issuers, names and aliases across entries and files.
struct IssuerCheckTests {
    private static let digest = String(repeating: "a", count: 64)

    /// A file with these issuers, API keys and rules, each in flow style, and these lines at the top.
    private func file(
        _ tenant: String = "acme", _ top: String = "", issuers: [String] = [], keys: [String] = [],
        rules: [String] = ["a: {keyPrefix: a/}"]
    ) -> String {
        var text = "tenant: \(tenant)\nstore: {bucket: \(tenant)-uploads, region: eu-west-1}\n\(top)\n"
        if !issuers.isEmpty || !keys.isEmpty { text += "auth:\n" }
        if !issuers.isEmpty {
            text += "  issuers:\n" + issuers.map { "    - {\($0), algorithms: [RS256], keys: {jwksFile: k.json}}\n" }.joined()
        }
        if !keys.isEmpty {
            text += "  apiKeys:\n"
            for (index, key) in keys.enumerated() {
                text += "    - {id: k\(index), sha256: \(Self.digest.dropLast())\(index)\(key.isEmpty ? "" : ", \(key)")}\n"
            }
        }
        text += "rules:\n"
        for rule in rules { text += "  \(rule.dropLast()), contentTypes: [image/png], maxSize: 1}\n" }
        return text
    }

    private func service(_ issuers: String...) throws -> ServiceSettings {
        let entries = issuers.map { "  - {algorithms: [RS256], keys: {jwksFile: k.json}, \($0)}\n" }.joined()
        return try ServiceSettings(file: "postern.yaml", files: .memory(["postern.yaml": "issuers:\n" + entries]))
    }

    private func problems(_ files: [String: String], service: ServiceSettings? = nil) -> [String] {
        Example.problems(files.reduce(into: [:]) { $0["\($1.key).yaml"] = $1.value }, service: service)
    }

    // MARK: Several declarations of one issuer

    @Test(arguments: [
        ("audience: a", "audience: b"), ("audience: [a, b]", "audience: [c, d]"),
        ("audience: x, claims: {use: id}", "audience: x, claims: {use: access}"),
        ("audience: x, claims: {use: 1}", "audience: x, claims: {use: \"1\"}"),
        ("audience: x, authorizedParties: [a]", "audience: x, authorizedParties: [b]"),
        ("authorizedParties: [a]", "audience: x, authorizedParties: [b]"),
        ("audience: a, audienceClaim: client_id", "audience: x, claims: {client_id: b}"),
        ("audience: a, audienceClaim: azp", "authorizedParties: [b]"),
    ])
    func `declarations of one issuer that no token fits both are accepted`(first: String, second: String) throws {
        let entries = [first, second].map { "issuer: https://i.example, \($0)" }
        #expect(problems(["acme": file(issuers: entries)]) == [])
        #expect(problems(["acme": file(issuers: [entries[0]]), "beta": file("beta", issuers: [entries[1]])]) == [])
    }

    @Test(arguments: [
        ("audience: a", "audience: a"), ("audience: [a, b]", "audience: [b, c]"), ("audience: a", "authorizedParties: [b]"),
        ("audience: a, audienceClaim: client_id", "audience: b"), ("audience: x, claims: {use: id}", "audience: x"),
        ("audience: x, claims: {use: id}", "audience: x, claims: {kind: access}"),
        ("audience: x, authorizedParties: [a]", "audience: x, claims: {use: id}"),
        ("audience: é", "audience: é"),
    ])
    func `declarations of one issuer that a token could fit both are refused, in one file and in two`(
        first: String, second: String
    ) {
        let entries = [first, second].map { "issuer: https://i.example, \($0)" }
        let one = problems(["acme": file(issuers: entries)])
        #expect(
            one.count == 1 && one[0].hasPrefix("acme.yaml:7:16: a token of the issuer “https://i.example” could fit this entry"),
            "\(one)")
        #expect(one[0].contains("in t/acme.yaml:6; let both require different values"), "\(one)")
        let two = problems(["acme": file(issuers: [entries[0]]), "beta": file("beta", issuers: [entries[1]])])
        #expect(two.count == 1 && two[0].hasPrefix("beta.yaml:6:16: a token of"), "\(two)")
    }

    @Test func `values that differ in bytes alone are different`() {
        let entries = ["audience: \"\\u00e9\"", "audience: \"e\\u0301\""].map { "issuer: https://i.example, \($0)" }
        #expect(problems(["acme": file(issuers: entries)]) == [])
    }

    @Test func `a secret and public keys of one issuer may stand beside each other`() {
        let text = file(issuers: ["issuer: https://i.example, audience: x"]).replacing(
            "rules:", with: "    - {issuer: https://i.example, audience: x, algorithms: [HS256], keys: {secretFile: s}}\nrules:")
        #expect(problems(["acme": text]) == [])
        let twice = text.replacing("[RS256], keys: {jwksFile: k.json}", with: "[HS256], keys: {secretFile: t}")
        #expect(problems(["acme": twice]).count == 1)
    }

    @Test func `service-wide declarations count too, and placeholders where they overlap`() throws {
        let settings = try service(
            "issuer: \"https://i.example/{tid}/v2\", audience: x, tenantClaim: tid",
            "issuer: https://j.example, audience: x, tenantClaim: org")
        func found(_ issuer: String) -> [String] { problems(["acme": file(issuers: [issuer])], service: settings) }
        #expect(found("issuer: https://i.example/a/v2, audience: y") == [])
        #expect(found("issuer: https://i.example/a/b/v2, audience: x") == [])
        #expect(
            found("issuer: https://i.example/a/v2, audience: x").first?.contains("the one service-wide in postern.yaml") == true)
        #expect(found("issuer: https://j.example, audience: x").count == 1)
    }

    @Test func `two service-wide declarations that a token could fit are refused`() {
        #expect(throws: RuleFilesError.self) {
            try service(
                "issuer: https://i.example, audience: x, tenantClaim: org",
                "issuer: https://i.example, audience: x, tenantClaim: tid")
        }
        #expect(throws: RuleFilesError.self) {
            try service(
                "issuer: \"https://i.example/{a}/x\", audience: x, tenantClaim: a",
                "issuer: \"https://i.example/y/{b}\", audience: x, tenantClaim: b")
        }
        #expect(throws: RuleFilesError.self) {
            try service(
                "issuer: https://i.example, audience: x, tenantClaim: org, name: a",
                "issuer: https://j.example, audience: x, tenantClaim: org, name: a")
        }
    }

    // MARK: Users of several issuers

    private static let two = [
        "issuer: https://i.example, audience: x, name: staff", "issuer: https://j.example, audience: x, name: web",
    ]

    @Test func `users of two issuers do not share a folder`() {
        let rules = ["a: {keyPrefix: \"a/{user}/\"}"]
        let found = problems(["acme": file(issuers: Self.two, rules: rules)])
        #expect(
            found == [
                "acme.yaml:9:18: users of different issuers (“https://i.example”, “https://j.example”) who have the same name would share a folder; write sharedUsers: true at the top of the file to keep today's keys, if each name is the same person everywhere, or {issuer}/{user}, which changes the keys of new files"
            ])
        #expect(problems(["acme": file("acme", "sharedUsers: true", issuers: Self.two, rules: rules)]) == [])
        for prefix in ["a/{issuer}/{user}/", "a/{user}/{issuer}/"] {
            #expect(problems(["acme": file(issuers: Self.two, rules: ["a: {keyPrefix: \"\(prefix)\"}"])]) == [])
        }
        #expect(problems(["acme": file(issuers: [Self.two[0]], rules: rules)]) == [])
        // An API key that does not say whose users it names may name those of both.
        let onlyKeys = ["a: {keyPrefix: \"a/{user}/\", apiKeysOnly: true}"]
        #expect(problems(["acme": file(issuers: Self.two, keys: [""], rules: onlyKeys)]).count == 1)
        #expect(problems(["acme": file(issuers: Self.two, keys: ["issuer: web"], rules: onlyKeys)]) == [])
        // Two declarations of one issuer have the same users.
        let one = ["issuer: https://i.example, audience: x", "issuer: https://i.example, audience: y"]
        #expect(problems(["acme": file(issuers: one, rules: rules)]) == [])
        // A rule for one issuer has the users of one.
        #expect(problems(["acme": file(issuers: Self.two, rules: ["a: {keyPrefix: \"a/{user}/\", issuers: [web]}"])]) == [])
        #expect(
            problems(["acme": file(issuers: Self.two, rules: ["a: {keyPrefix: \"a/{user}/\", issuers: [web, staff]}"])]).count
                == 1)
    }

    @Test(arguments: [
        ("a/{user}/", "a/{user}/", 1), ("a/{user}/", "b/{user}/", 0), ("a/{user}/", "{yyyy}/{user}/", 0),
        ("a/{user}/", "{uuid}/{user}/", 1),
    ])
    func `two rules for different issuers do not share a user's folder`(first: String, second: String, count: Int) {
        let rules = ["a: {keyPrefix: \"\(first)\", issuers: [staff]}", "b: {keyPrefix: \"\(second)\", issuers: [web]}"]
        let found = problems(["acme": file(issuers: Self.two, rules: rules)])
        #expect(found.count == count && found.allSatisfy { $0.contains("share a folder with the rule “a”") }, "\(found)")
    }

    @Test func `the folder of an issuer is not another rule's`() {
        func found(_ prefix: String, _ more: String = "") -> [String] {
            problems([
                "acme": file(
                    issuers: Self.two, rules: ["a: {keyPrefix: \"{issuer}/{user}/\"}", "b: {keyPrefix: \"\(prefix)\"\(more)}"])
            ])
        }
        #expect(
            found("web/{user}/", ", issuers: [staff]").contains {
                $0.contains("the folder of an issuer named “web” would also hold")
            })
        #expect(found("web/x/").contains { $0.contains("the folder of an issuer named “web”") })
        #expect(found("WEB_/x/") == [] && found("{issuer}/{user}/") == [])
    }

    @Test func `the folder of a claim's value is not another rule's`() {
        let issuer = "issuer: https://i.example, audience: x, attributes: {org: org_id, team: team}"
        func found(_ prefix: String) -> [String] {
            problems([
                "acme": file(
                    issuers: [issuer], rules: ["a: {keyPrefix: \"{claim.org}/\"}", "b: {keyPrefix: \"\(prefix)\"}"])
            ])
        }
        #expect(found("shared/").contains { $0.contains("the folder of a claim “org” named “shared” would also hold") })
        #expect(!found("{claim.team}/").isEmpty)
        #expect(found("{claim.org}/b/") == [] && found("~x/") == [])
    }

    @Test func `a placeholder of an issuer may stand for one iss or for many`() throws {
        let rules = ["a: {keyPrefix: \"a/{user}/\"}"]
        let byDirectory = try service(
            "issuer: \"https://i.example/{tid}/v2\", audience: x, tenantClaim: tid, name: entra, user: oid")
        let byClaim = try service("issuer: \"https://i.example/{tid}/v2\", audience: x, tenantClaim: org, name: entra, user: oid")
        func found(_ top: String, _ service: ServiceSettings, _ prefix: String = "a/{user}/") -> Int {
            problems(["acme": file("acme", top, rules: ["a: {keyPrefix: \"\(prefix)\"}"])], service: service).count
        }
        #expect(found("aliases: [d1]", byDirectory) == 0 && found("", byDirectory) == 0)
        #expect(found("aliases: [d1, d2]", byDirectory) == 1 && found("aliases: [d1]", byClaim) == 1)
        #expect(found("aliases: [d1, d2]", byDirectory, "a/{issuer}/{user}/") == 0)
        #expect(problems(["acme": file(rules: rules)], service: byDirectory) == [])
    }

    // MARK: Names

    @Test func `{issuer} needs the name of every issuer, and API keys that say whose users they name`() {
        let rules = ["a: {keyPrefix: \"a/{issuer}/\"}"]
        let unnamed = problems(["acme": file(issuers: ["issuer: https://i.example, audience: x"], rules: rules)])
        #expect(
            unnamed == [
                "acme.yaml:6:16: the rule “a” has {issuer} in its keys, and the issuer “https://i.example” has no name; write name: staff, or another short word, in the issuer's entry"
            ])
        let key = problems(["acme": file(issuers: [Self.two[0]], keys: [""], rules: rules)])
        #expect(
            key == [
                "acme.yaml:8:12: the rule “a” has {issuer} in its keys, and the API key “k0” does not say whose users it names; write issuer: with the name of an issuer in the key's entry, or limit the key to other rules"
            ])
        #expect(problems(["acme": file(issuers: [Self.two[0]], keys: ["issuer: staff"], rules: rules)]) == [])
        let other = rules + ["b: {keyPrefix: b/}"]
        #expect(problems(["acme": file(issuers: [Self.two[0]], keys: ["rules: [b]"], rules: other)]) == [])
    }

    @Test func `different issuers have different names, and entries of one issuer may share one`() {
        let same = [Self.two[0], Self.two[1].replacing("name: web", with: "name: staff")]
        let found = problems(["acme": file(issuers: same)])
        #expect(
            found == [
                "acme.yaml:7:54: the issuer “https://i.example” is named “staff” too; give each issuer its own name; only entries of one issuer can share one"
            ])
        let one = ["audience: x", "audience: y"].map { "issuer: https://i.example, \($0), name: staff" }
        #expect(problems(["acme": file(issuers: one)]) == [])
    }

    @Test func `names in rules, API keys, aliases and serviceIssuers must exist`() throws {
        let none = ServiceSettings()
        let rule = file(issuers: Self.two, rules: ["a: {keyPrefix: a/, issuers: [staf]}"])
        #expect(
            problems(["acme": rule], service: none) == [
                "acme.yaml:9:32: no issuer of this tenant is named “staf”; did you mean staff?"
            ])
        #expect(problems(["acme": rule]) == [])
        #expect(Example.load(["acme.yaml": rule]).warnings.map(\.message) == ["no issuer of this tenant is named “staf”"])
        #expect(problems(["acme": file(issuers: Self.two, keys: ["issuer: x"])], service: none).count == 1)
        let settings = try service("issuer: https://i.example, audience: x, tenantClaim: org, name: staff")
        for top in ["serviceIssuers: [web]", "aliases: [{issuer: web, value: x}]"] {
            let found = problems(["acme": file("acme", top)], service: settings)
            #expect(
                found.count == 1 && found[0].contains("no service-wide issuer is named “web”; write one of staff"), "\(found)")
            #expect(problems(["acme": file("acme", top.replacing("web", with: "staff"))], service: settings) == [])
        }
    }

    // MARK: Attributes

    @Test func `a claim in a key must be an attribute of an issuer that can use the rule`() {
        let rules = ["a: {keyPrefix: \"a/{claim.org}/\"}"]
        let with = "issuer: https://i.example, audience: x, name: staff, attributes: {org: [app, org]}"
        #expect(problems(["acme": file(issuers: [with], rules: rules)]) == [])
        let none = problems(["acme": file(issuers: Self.two, rules: rules)])
        #expect(
            none.count == 1 && none[0].contains("{claim.org} is an attribute of no issuer whose users can use the rule"),
            "\(none)")
        let some = Example.load(["acme.yaml": file(issuers: [with, Self.two[1]], rules: rules)])
        #expect(
            some.warnings.map(\.message).contains { $0.hasPrefix("users of “https://j.example” can get no tickets of this rule") }
        )
        let onlyKeys = ["a: {keyPrefix: \"a/{claim.org}/\", apiKeysOnly: true}"]
        #expect(problems(["acme": file(issuers: [with], keys: [""], rules: onlyKeys)]).count == 1)
    }

    // MARK: Metadata and tags

    @Test(arguments: ["metadata: {fixed: {a: \"{claim.org}\"}}", "tags: {a: \"{claim.org}\"}"])
    func `a claim in metadata or tags must be an attribute too`(field: String) {
        let rules = ["a: {keyPrefix: a/, \(field)}"]
        let with = "issuer: https://i.example, audience: x, name: staff, attributes: {org: [app, org]}"
        #expect(problems(["acme": file(issuers: [with], rules: rules)]) == [])
        let none = problems(["acme": file(issuers: Self.two, rules: rules)])
        #expect(none.count == 1 && none[0].contains("{claim.org} is an attribute of no issuer"), "\(none)")
    }

    @Test(arguments: ["metadata: {fixed: {a: \"{issuer}\"}}", "tags: {a: \"{issuer}\"}"])
    func `an issuer in metadata or tags must have a name, and API keys must say theirs`(field: String) {
        let rules = ["a: {keyPrefix: a/, \(field)}"]
        #expect(problems(["acme": file(issuers: Self.two, rules: rules)]) == [])
        let issuer = problems(["acme": file(issuers: ["issuer: https://i.example, audience: x"], rules: rules)])
        #expect(issuer.count == 1 && issuer[0].contains("has {issuer} in its metadata or tags, and the issuer"), "\(issuer)")
        let key = problems(["acme": file(issuers: Self.two, keys: [""], rules: rules)])
        #expect(key.count == 1 && key[0].contains("the API key") && key[0].contains("does not say whose users"), "\(key)")
    }

    @Test func `a user in metadata without an issuer is a warning if there are several issuers, and no shared folder`() {
        func outcome(_ rule: String, _ top: String = "") -> [String] {
            let text = file("acme", top, issuers: Self.two, rules: [rule])
            #expect(problems(["acme": text]) == [])
            return Example.load(["acme.yaml": text]).warnings.map(\.message)
        }
        let field = "metadata: {fixed: {a: \"{user}\"}}"
        let warning = outcome("a: {keyPrefix: a/, \(field)}")
        #expect(warning.count == 1 && warning[0].contains("does not tell apart users of the same name"), "\(warning)")
        #expect(outcome("a: {keyPrefix: a/, \(field)}", "sharedUsers: true") == [])
        #expect(outcome("a: {keyPrefix: \"a/{issuer}/{user}/\", \(field)}") == [])
        #expect(outcome("a: {keyPrefix: a/, \(field), tags: {i: \"{issuer}\"}}") == [])
        #expect(outcome("a: {keyPrefix: a/, issuers: [staff], \(field)}") == [])
    }

    // MARK: Aliases

    @Test(arguments: [
        ("aliases: [x]", "aliases: [x]", "the alias “x” is of the tenant “acme” too (t/acme.yaml:3)"),
        ("aliases: [x]", "aliases: [{issuer: staff, value: x}]", "the alias “x” is of the tenant “acme” too"),
        ("", "aliases: [acme]", "the alias “acme” is the id of another tenant (t/acme.yaml)"),
        ("aliases: [y]", "aliases: [acme]", "the alias “acme” is the id of another tenant"),
    ])
    func `an alias is of one tenant, and is not another's id`(first: String, second: String, message: String) throws {
        let settings = try service("issuer: https://i.example, audience: x, tenantClaim: org, name: staff")
        let found = problems(["acme": file("acme", first), "beta": file("beta", second)], service: settings)
        #expect(found.count == 1 && found[0].contains(message), "\(found)")
    }

    @Test func `aliases of different issuers, and others of one tenant, may be equal`() throws {
        let settings = try service(
            "issuer: https://i.example, audience: x, tenantClaim: org, name: staff",
            "issuer: https://j.example, audience: x, tenantClaim: org, name: web")
        let found = problems(
            [
                "acme": file("acme", "aliases: [acme, {issuer: staff, value: x}]"),
                "beta": file("beta", "aliases: [{issuer: web, value: x}]"),
            ], service: settings)
        #expect(found == [])
    }

    @Test func `aliases without a service-wide issuer that counts are a warning`() throws {
        let settings = try service("issuer: https://s.example, audience: x, tenantClaim: org")
        let text = file("acme", "aliases: [x]", issuers: [Self.two[0]])
        let outcome = Example.load(["acme.yaml": text], service: settings)
        #expect(outcome.warnings.map(\.message).contains { $0.hasPrefix("aliases have no effect") })
        let accepted = Example.load(
            ["acme.yaml": text.replacing("aliases:", with: "serviceIssuers: true\naliases:")], service: settings)
        #expect(accepted.warnings.isEmpty)
    }

    // MARK: Credentials

    @Test func `an expiry that the session of a role cannot reach is a warning`() {
        func warnings(_ expiry: String, _ credentials: String) -> [String] {
            let text = file(keys: [""], rules: ["a: {keyPrefix: a/, expiry: \(expiry)}"])
                .replacing("region: eu-west-1}", with: "region: eu-west-1, credentials: \(credentials)}")
            return Example.load(["acme.yaml": text]).warnings.map(\.message).filter {
                !$0.hasPrefix("anyone who has a ticket")
            }
        }
        let role = "{assumeRole: {roleArn: \"arn:aws:iam::123456789012:role/acme\"}}"
        #expect(warnings("59m", role) == [] && warnings("2h", "{env: ACME}") == [])
        #expect(
            warnings("1h", role) == [
                "tickets of the rule “a” end earlier than its expiry: the session of an assumed role lasts an hour"
            ])
    }
}
