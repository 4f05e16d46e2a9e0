// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Testing
import WireFormats

@testable import RuleFiles
@testable import UploadRules

struct SessionPolicyTests {
    /// The session policy that a file's role is narrowed by; nil for none.
    static func policy(of file: TenantFile) throws -> String? {
        guard case .role(let role)? = file.credentials.first else { return nil }
        return role.sessionPolicy
    }

    private func policy(
        _ rules: String, role: String = "arn:aws:iam::123456789012:role/up", region: String = "eu-west-1"
    ) throws -> String? {
        try Self.policy(of: Example.file(yaml(rules, role: role, region: region)))
    }

    private func yaml(
        _ rules: String, role: String = "arn:aws:iam::123456789012:role/up", region: String = "eu-west-1"
    ) -> String {
        """
        tenant: acme
        store:
          bucket: acme-uploads
          region: \(region)
          credentials: {assumeRole: {roleArn: '\(role)', sessionPolicy: fromRules}}
        auth:
          apiKeys:
            - id: cms
              sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        rules:
        \(rules)
        """
    }

    private func rule(_ name: String, _ prefix: String, _ more: String = "") -> String {
        """
          \(name):
            keyPrefix: "\(prefix)"
            contentTypes: [image/png]
            maxSize: 5MiB
        \(more.isEmpty ? "" : "    \(more)\n")
        """
    }

    @Test func `the session policy allows s3:PutObject under each prefix and nothing else`() throws {
        let rules = rule("avatars", "avatars/{user}/") + rule("documents", "{tenant}/docs/{yyyy}/")
        #expect(
            try policy(rules)
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:PutObject","Resource":["#
                + #""arn:aws:s3:::acme-uploads/acme/docs/*/*","arn:aws:s3:::acme-uploads/avatars/*/*"]}]}"#
        )
    }

    @Test(arguments: [
        ("a/{path}/", "a/*"), ("a/{path}/b/", "a/*b/*"), ("{path}/", "*"), ("a/{user}/{path}/", "a/*/*"), ("a/{audit}/", "a/*/*"),
    ])
    func `a path may be several folders or none`(prefix: String, pattern: String) throws {
        let template = try KeyTemplate(
            parsing: prefix, as: .keyPrefix, tenant: "acme", parameters: [UploadParameter(name: "audit", kind: .name)])
        #expect(ResourcePattern.exact.resources([template]) == [pattern])
    }

    @Test(arguments: [
        ("encryption: aws:kms", true), ("encryption: {type: aws:kms, keyId: alias/a}", true),
        ("encryption: {type: aws:kms, keyId: 'arn:aws:kms:eu-west-1:123456789012:key/1', bucketKey: true}", false),
    ])
    func `a key without an ARN allows every key of the role, and is a warning`(encryption: String, isAny: Bool) throws {
        let rules = rule("avatars", "avatars/", encryption)
        let text = try #require(try policy(rules))
        let resource = isAny ? "*" : "arn:aws:kms:eu-west-1:123456789012:key/1"
        #expect(text.contains(#"{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":["\#(resource)"]}"#), "\(text)")
        let warnings = Example.load(["acme.yaml": yaml(rules)]).warnings
        #expect(warnings.map(\.line) == (isAny ? [10] : []), "\(warnings)")
        #expect(warnings.allSatisfy { $0.message.contains("kms:GenerateDataKey for every key") })
    }

    @Test func `a store that does not ask for a session policy has none`() throws {
        #expect(try Self.policy(of: Example.file(Example.acme)) == nil)
    }

    @Test func `the session policy has the partition of the role`() throws {
        let policy = try policy(rule("a", "a/"), role: "arn:aws-cn:iam::123456789012:role/up", region: "cn-north-1")
        #expect(policy?.contains(#"["arn:aws-cn:s3:::acme-uploads/a/*"]"#) == true)
    }

    @Test func `a prefix that a wider one covers is left out`() throws {
        let policy = try policy(rule("a", "a/") + rule("b", "a/b/") + rule("c", "ab/"))
        #expect(policy?.contains(#"["arn:aws:s3:::acme-uploads/a/*","arn:aws:s3:::acme-uploads/ab/*"]"#) == true)
    }

    @Test func `the session policy allows ACLs, tags and KMS only if a rule needs them`() throws {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/k"
        let policy = try policy(
            rule("a", "a/", "acl: private") + rule("b", "b/", "tags: {k: v}")
                + rule("c", "c/", "encryption: {type: 'aws:kms', keyId: '\(key)'}")
        )
        #expect(
            policy?.contains(#"{"Effect":"Allow","Action":"s3:PutObjectAcl","Resource":["arn:aws:s3:::acme-uploads/a/*"]}"#)
                == true)
        #expect(
            policy?.contains(#"{"Effect":"Allow","Action":"s3:PutObjectTagging","Resource":["arn:aws:s3:::acme-uploads/b/*"]}"#)
                == true)
        #expect(policy?.contains(#"{"Effect":"Allow","Action":"kms:GenerateDataKey","Resource":["\#(key)"]}"#) == true)
    }

    @Test func `IAM's wildcards are escaped, and other characters are ASCII`() throws {
        let patterns = ResourcePattern.exact.resources([
            KeyTemplate(text: "", parts: [.literal(Array("a*b?c/".utf8))])
        ])
        #expect(patterns == ["a${*}b${?}c/*"])
        let policy = try policy(rule("a", "ümlaut/"))
        #expect(policy?.contains(#"acme-uploads/\u00fcmlaut/*"#) == true)
    }

    @Test func `a session policy that is too long for STS is widened to the beginnings of the prefixes`() throws {
        let rules = (0..<40).map { rule("r\($0)", "files/{user}/\(String(repeating: "x", count: 40))\($0)/") }.joined()
        let policy = try policy(rules)
        #expect(policy?.contains(#"["arn:aws:s3:::acme-uploads/files/*"]"#) == true)
    }

    @Test func `a session policy that stays too long is a diagnostic`() {
        let rules = (0..<60).map { rule("r\($0)", "\(String(repeating: "x", count: 40))\($0)/") }.joined()
        let problems = Result { try policy(rules) }
        #expect(throws: (any Error).self) { try problems.get() }
    }
}
