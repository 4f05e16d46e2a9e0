// SPDX-License-Identifier: Apache-2.0

import PosternTestSupport
import Testing
import WireFormats

@testable import RuleFiles

struct SigningIdentityTests {
    private func yaml(_ id: String, _ store: String, _ rules: String) -> String {
        """
        tenant: \(id)
        \(store)
        auth:
          apiKeys:
            - id: cms
              sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        rules:
        \(rules)

        """
    }

    private func rule(_ name: String, _ prefix: String, _ more: String = "") -> String {
        "  \(name): {keyPrefix: \"\(prefix)\", contentTypes: [image/png], maxSize: 5MiB\(more.isEmpty ? "" : ", ")\(more)}\n"
    }

    private func identities(_ files: [String: String]) throws -> [SigningIdentity] {
        let named = Dictionary(uniqueKeysWithValues: files.map { ("\($0).yaml", $1) })
        return SigningIdentity.all(of: try Example.load(named).result.get().files)
    }

    private func policy(_ files: [String: String]) throws -> SigningIdentity.Document {
        let all = try identities(files)
        #expect(all.count == 1)
        return try #require(all.first).policy
    }

    private let aws = "store: {bucket: acme-uploads, region: eu-west-1}"

    @Test func `the policy allows s3:PutObject under the prefixes of all tenants' rules, and nothing else`() throws {
        let document = try policy([
            "a": yaml("a", aws, rule("x", "a/{user}/")),
            "b": yaml("b", "store: {bucket: b-uploads, region: eu-west-1}", rule("y", "docs/{yyyy}/") + rule("z", "docs/")),
        ])
        #expect(
            document.json
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":["#
                + #""arn:aws:s3:::acme-uploads/a/*/*","arn:aws:s3:::b-uploads/docs/*"]}]}"#)
        #expect(document.warnings.isEmpty)
    }

    @Test(arguments: [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eusc-de-east-1", "aws-eusc")])
    func `a bucket's partition is that of its region`(region: String, partition: String) throws {
        let document = try policy(["a": yaml("a", "store: {bucket: ups, region: \(region)}", rule("x", "a/"))])
        #expect(document.json.contains(#"["arn:\#(partition):s3:::ups/a/*"]"#))
    }

    @Test func `other stores have names as those of the first partition`() throws {
        let store = "store: {bucket: ups, region: cn-north-1, endpoint: 'https://store.example'}"
        #expect(try policy(["a": yaml("a", store, rule("x", "a/"))]).json.contains(#"["arn:aws:s3:::ups/a/*"]"#))
    }

    @Test func `ACLs, tags and KMS are allowed only where a rule uses them`() throws {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/k"
        let document = try policy([
            "a": yaml(
                "a", aws,
                rule("x", "x/", "acl: bucket-owner-full-control") + rule("y", "y/", "tags: {k: v}")
                    + rule("z", "z/", "encryption: {type: 'aws:kms', keyId: '\(key)'}"))
        ])
        let json = try JSONValue(parsing: Array(document.json.utf8))
        let statements = try #require(json["Statement"]?.elements)
        #expect(
            statements.map { $0["Action"]?.string } == [
                "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging", "kms:GenerateDataKey",
            ])
        #expect(
            statements.map { $0["Resource"]?.elements?.compactMap(\.string) } == [
                ["arn:aws:s3:::acme-uploads/x/*", "arn:aws:s3:::acme-uploads/y/*", "arn:aws:s3:::acme-uploads/z/*"],
                ["arn:aws:s3:::acme-uploads/x/*"], ["arn:aws:s3:::acme-uploads/y/*"], [key],
            ])
        #expect(document.warnings.isEmpty)
    }

    @Test func `a KMS key that is not named may be used by S3 only, with a warning`() throws {
        let document = try policy(["a": yaml("a", aws, rule("x", "x/", "encryption: 'aws:kms'"))])
        #expect(
            document.json.hasSuffix(
                #"{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":["*"],"#
                    + #""Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}]}"#))
        #expect(document.warnings.count == 1)
    }

    @Test func `S3 may use a KMS key that is not named only in the regions where a rule does so`() throws {
        let key = "arn:aws:kms:us-west-2:123456789012:key/k"
        let document = try policy([
            "a": yaml("a", aws, rule("x", "x/", "encryption: 'aws:kms'")),
            "b": yaml("b", "store: {bucket: b-uploads, region: us-east-1}", rule("x", "x/")),
            "c": yaml(
                "c", "store: {bucket: c-uploads, region: us-west-2}",
                rule("x", "x/", "encryption: {type: 'aws:kms', keyId: '\(key)'}")),
        ])
        let named = #"{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":["\#(key)"]},"#
        let any = #"{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":["*"],"#
        let condition = #""Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}}]}"#
        #expect(document.json.hasSuffix(named + any + condition), "\(document.json)")
    }

    @Test func `each source of credentials is an identity, and a role is one for all its tenants`() throws {
        func role(_ tenant: String, _ more: String = "") -> String {
            "store: {bucket: \(tenant)-uploads, region: eu-west-1, credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/up'\(more)}}}"
        }
        let all = try identities([
            "a": yaml("a", role("a", ", sessionPolicy: fromRules"), rule("x", "x/")),
            "b": yaml("b", role("b"), rule("x", "x/")),
            "c": yaml("c", "store: {bucket: c-uploads, region: eu-west-1, credentials: {env: C}}", rule("x", "x/")),
        ])
        #expect(all.map(\.source.description) == ["default", "role arn:aws:iam::123456789012:role/up", "env C"])
        #expect(all.map(\.tenants) == [[], ["a", "b"], ["c"]])
        // The default identity signs nothing itself.
        #expect(
            all[0].policy.json
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","#
                + #""Resource":["arn:aws:iam::123456789012:role/up"]}]}"#)
        #expect(all[1].policy.json.contains(#"["arn:aws:s3:::a-uploads/x/*","arn:aws:s3:::b-uploads/x/*"]"#))
    }

    @Test func `a policy that is too long is widened, and then to be split`() throws {
        func files(_ tenants: Int, folder: (Int) -> String) -> [String: String] {
            Dictionary(
                uniqueKeysWithValues: (0..<tenants).map { tenant in
                    let rules = (0..<8).map {
                        rule("r\($0)", "\(folder(tenant)){user}/\(String(repeating: "x", count: 40))\($0)/")
                    }
                    return ("t\(tenant)", yaml("t\(tenant)", aws, rules.joined()))
                })
        }
        let widened = try policy(files(12) { "files/t\($0)/" })
        #expect(widened.json.contains("files/t0/*\"") && !widened.json.contains("xxx") && widened.warnings.count == 1)
        let tooLong = try policy(files(150) { "files/\(String(repeating: "y", count: 20))\($0)/" })
        #expect(tooLong.warnings.count == 2 && tooLong.json.utf8.count > 6144)
    }

    // MARK: Trust

    private func trust(_ roles: [String]) throws -> SigningIdentity.Document {
        let files = roles.enumerated().map { index, more in
            (
                "t\(index)",
                yaml(
                    "t\(index)",
                    "store: {bucket: ups-\(index), region: eu-west-1, credentials: {assumeRole: {roleArn: 'arn:aws:iam::123456789012:role/up'\(more)}}}",
                    rule("x", "x/"))
            )
        }
        let all = try identities(Dictionary(uniqueKeysWithValues: files))
        #expect(all[0].trustPolicy(for: "arn:aws:iam::123456789012:role/postern") == nil)
        return try #require(all[1].trustPolicy(for: "arn:aws:iam::123456789012:role/postern"))
    }

    @Test func `a role trusts the service's identity, with the external ids of all its tenants`() throws {
        let head =
            #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/postern"},"Action":"sts:AssumeRole""#
        #expect(try trust([""]).json == head + "}]}")
        #expect(
            try trust([", externalId: acme-1"]).json == head + #","Condition":{"StringEquals":{"sts:ExternalId":"acme-1"}}}]}"#)
        #expect(
            try trust([", externalId: bb", ", externalId: aa"]).json
                == head + #","Condition":{"StringEquals":{"sts:ExternalId":["aa","bb"]}}}]}"#)
    }

    @Test func `an external id that not every file has cannot be demanded`() throws {
        let document = try trust([", externalId: acme-1", ""])
        #expect(!document.json.contains("Condition") && document.warnings.count == 1)
    }

    @Test func `on EKS the service account is trusted, by the cluster's provider`() {
        let provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
        #expect(
            SigningIdentity.webIdentityTrustPolicy(provider: provider, serviceAccount: "uploads:postern")
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"\#(provider)"},"#
                + #""Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"#
                + #""oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:aud":"sts.amazonaws.com","#
                + #""oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE:sub":"system:serviceaccount:uploads:postern"}}}]}"#)
        for (wrong, account) in [
            ("https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE", "a:b"), ("arn:aws:iam::1:role/x", "a:b"),
            (provider, "postern"),
            (provider, "a:b:c"), (provider, ":b"),
        ] {
            #expect(SigningIdentity.webIdentityTrustPolicy(provider: wrong, serviceAccount: account) == nil)
        }
    }
}
