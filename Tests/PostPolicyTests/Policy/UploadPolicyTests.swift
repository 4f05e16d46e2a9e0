// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import WireFormats

@Suite("What an upload policy may hold")
struct UploadPolicyTests {
    @Test("fields stand in the order they were added, key and bucket first")
    func order() throws {
        let policy = try Sample.policy(key: "k", [("Content-Type", "a/b"), ("acl", "private")])
        #expect(policy.fields.map(\.name) == ["key", "bucket", "Content-Type", "acl"])
        #expect(policy.fields.map(\.value) == ["k", Sample.bucket, "a/b", "private"])
    }

    @Test(
        "names that need quoting anywhere are refused",
        arguments: [
            "", "1a", "-a", "_charset_", "a b", "a\"b", "a\\b", "a\nb", "a\r\nb", "a\0", "é", "a$", "$key", "a:b", "a;b", "a=b",
            "a/b",
            "x-amz-meta-é", "a\u{7f}", "a{b", "a'b", "a%b", "a*", String(repeating: "a", count: 129),
        ])
    func names(name: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldNameInvalid(name)) { try policy.add(name, "v") }
        #expect(policy.fields.count == 2)
    }

    @Test(
        "names of the policy, the signer and the file are reserved in every spelling",
        arguments: [
            "key", "Key", "bucket", "BUCKET", "file", "File", "policy", "Policy", "signature", "AWSAccessKeyId", "awsaccesskeyid",
            "x-amz-signature", "X-Amz-Signature", "X-Amz-Credential", "x-amz-algorithm", "X-AMZ-DATE", "x-amz-security-token",
            "x-ignore-me", "X-Ignore-", "content-length-range",
        ])
    func reserved(name: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldReserved(name)) { try policy.add(name, "v") }
    }

    @Test("a name is taken once, whatever its case")
    func duplicates() throws {
        var policy = try Sample.policy([("Content-Type", "a/b")])
        #expect(throws: PolicyError.fieldDuplicate("content-type")) { try policy.add("content-type", "c/d") }
        #expect(throws: PolicyError.fieldDuplicate("Content-Type")) { try policy.add("Content-Type", "a/b") }
    }

    @Test("controls are refused in every value and key", arguments: Array(0...0x1F) + Array(0x7F...0x9F))
    func controls(value: Int) throws {
        let scalar = try #require(Unicode.Scalar(UInt32(value)))
        for text in ["\(scalar)", "a\(scalar)", "\(scalar)b", "é\(scalar)é"] {
            var policy = try Sample.policy()
            #expect(throws: PolicyError.fieldValueInvalid(name: "acl", .control)) { try policy.add("acl", text) }
            #expect(throws: PolicyError.fieldValueInvalid(name: "key", .control)) { try Sample.policy(key: text) }
        }
    }

    @Test("characters next to the controls are taken", arguments: [" ", "~", "\u{a0}", "\u{bf}", "\u{c0}", "à", "\u{80A0}", "Â"])
    func neighbours(text: String) throws {
        let policy = try Sample.policy(key: "k\(text)k", [("acl", text)])
        #expect(policy.fields.last?.value.hasSameBytes(as: text) == true)
    }

    @Test(
        "nothing that S3 would replace is taken",
        arguments: ["${filename}", "a${filename}", "${", "a/${x}/b", "$${filename}", "é${filename}", "$${", "${\u{301}"])
    func substitution(text: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldValueInvalid(name: "x-amz-meta-a", .substitution)) {
            try policy.add("x-amz-meta-a", text)
        }
        #expect(throws: PolicyError.fieldValueInvalid(name: "key", .substitution)) { try Sample.policy(key: text) }
    }

    @Test(
        "dollars and braces that mean nothing are taken",
        arguments: ["$", "{", "}", "{$}", "$ {", "filename}", "$key", "$\u{301}{"])
    func harmless(text: String) throws {
        _ = try Sample.policy(key: text, [("acl", text)])
    }

    @Test("keys have 1 to 1024 bytes of UTF-8")
    func keys() throws {
        _ = try Sample.policy(key: String(repeating: "é", count: 512))
        #expect(throws: PolicyError.keyTooLong(bytes: 1026)) { try Sample.policy(key: String(repeating: "é", count: 513)) }
        #expect(throws: PolicyError.keyEmpty) { try Sample.policy(key: "") }
    }

    @Test("sizes are within 0 bytes and 5 GiB", arguments: [-1...1, 0...(5 * 1024 * 1024 * 1024 + 1), Int.min...Int.max])
    func sizes(sizes: ClosedRange<Int>) throws {
        #expect(throws: PolicyError.sizesInvalid(sizes)) { try Sample.policy(sizes: sizes) }
        _ = try Sample.policy(sizes: 0...0)
        _ = try Sample.policy(sizes: 0...UploadPolicy.maximumFileBytes)
    }

    @Test("a policy has a bucket by S3's rules and an end that can be written")
    func bucketAndEnd() {
        #expect(throws: PolicyError.bucketInvalid(.bucketInvalid("Acme", .character))) {
            try UploadPolicy(bucket: "Acme", key: "k", contentLength: 0...1, expiration: Sample.now)
        }
        for seconds in [Double.nan, .infinity, -.infinity, 253_402_300_800, -62_167_219_201] {
            #expect(throws: PolicyError.dateInvalid) {
                try UploadPolicy(
                    bucket: Sample.bucket, key: "k", contentLength: 0...1, expiration: Date(timeIntervalSince1970: seconds))
            }
        }
    }

    /// GHSA-27qh-8cxx-2cr5: a policy that is put together as text lets a value close its string and add conditions.
    @Test(
        "values that look like JSON stay values",
        arguments: [
            "\"},[\"starts-with\",\"$key\",\"\"],{\"x\":\"", "\"]],\"expiration\":\"9999-12-31T00:00:00Z", "\\", "\\\"",
            "\\u0022", "'", "]}", "\u{2028}",
            "\"", "a\"b", "%s%d%n", "{{x}}",
        ])
    func injection(value: String) throws {
        let policy = try Sample.policy(key: "k" + value, [("x-amz-meta-a", value), ("acl", "private")])
        let form = try PolicySigner().sign(policy, credentials: Sample.credentials, region: Sample.region, at: Sample.now)
        guard case .object(let object) = try JSONValue(parsing: form.policyJSON),
            case .array(let conditions) = object["conditions"]
        else { return #expect(Bool(false)) }
        #expect(object["expiration"] == .string("2026-01-01T00:05:00Z"))
        #expect(conditions.count == form.fields.count - 2 + 1)
        #expect(conditions.contains { if case .object(let one) = $0 { one["x-amz-meta-a"] == .string(value) } else { false } })
        let document = try PolicyDocument(json: form.policyJSON)
        #expect(document.evaluate(form: form.fields, fileSize: 1, bucket: Sample.bucket, at: Sample.now) == nil)
    }

    @Test("errors say what to do and hold no values of fields")
    func errors() throws {
        var policy = try Sample.policy()
        #expect {
            try policy.add("acl", "secret-canary\n")
        } throws: { error in
            "\(error)" == "the value of \"acl\" holds a control character: remove or encode it"
        }
        #expect("\(PolicyError.keyTooLong(bytes: 2000))" == "the key has 2000 bytes: shorten it to 1024 bytes of UTF-8")
    }
}
