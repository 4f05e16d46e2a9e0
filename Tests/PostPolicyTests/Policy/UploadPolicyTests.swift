// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import WireFormats

struct UploadPolicyTests {
    @Test func `fields are in the order they were added, after key and bucket`() throws {
        let policy = try Sample.policy(key: "k", [("Content-Type", "a/b"), ("acl", "private")])
        #expect(policy.fields.map(\.name) == ["key", "bucket", "Content-Type", "acl"])
        #expect(policy.fields.map(\.value) == ["k", Sample.bucket, "a/b", "private"])
    }

    @Test(arguments: [
        "", "1a", "-a", "_charset_", "a b", "a\"b", "a\\b", "a\nb", "a\r\nb", "a\0", "é", "a$", "$key", "a:b", "a;b", "a=b",
        "a/b",
        "x-amz-meta-é", "a\u{7f}", "a{b", "a'b", "a%b", "a*", String(repeating: "a", count: 129),
    ])
    func `names that would need quoting are refused`(name: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldNameInvalid(name)) { try policy.add(name, "v") }
        #expect(policy.fields.count == 2)
    }

    @Test(arguments: [
        "key", "Key", "bucket", "BUCKET", "file", "File", "policy", "Policy", "signature", "AWSAccessKeyId", "awsaccesskeyid",
        "x-amz-signature", "X-Amz-Signature", "X-Amz-Credential", "x-amz-algorithm", "X-AMZ-DATE", "x-amz-security-token",
        "x-ignore-me", "X-Ignore-", "content-length-range",
    ])
    func `reserved names are refused in every spelling`(name: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldReserved(name)) { try policy.add(name, "v") }
    }

    @Test func `a name may be added once, whatever its case`() throws {
        var policy = try Sample.policy([("Content-Type", "a/b")])
        #expect(throws: PolicyError.fieldDuplicate("content-type")) { try policy.add("content-type", "c/d") }
        #expect(throws: PolicyError.fieldDuplicate("Content-Type")) { try policy.add("Content-Type", "a/b") }
    }

    @Test(arguments: Array(0...0x1F) + Array(0x7F...0x9F))
    func `controls are refused in values and keys`(value: Int) throws {
        let scalar = try #require(Unicode.Scalar(UInt32(value)))
        for text in ["\(scalar)", "a\(scalar)", "\(scalar)b", "é\(scalar)é"] {
            var policy = try Sample.policy()
            #expect(throws: PolicyError.fieldValueInvalid(name: "acl", .control)) { try policy.add("acl", text) }
            #expect(throws: PolicyError.fieldValueInvalid(name: "key", .control)) { try Sample.policy(key: text) }
        }
    }

    @Test(arguments: [" ", "~", "\u{a0}", "\u{bf}", "\u{c0}", "à", "\u{80A0}", "Â"])
    func `characters next to the controls are accepted`(text: String) throws {
        let policy = try Sample.policy(key: "k\(text)k", [("acl", text)])
        #expect(policy.fields.last?.value.hasSameBytes(as: text) == true)
    }

    @Test(arguments: ["${filename}", "a${filename}", "${", "a/${x}/b", "$${filename}", "é${filename}", "$${", "${\u{301}"])
    func `variables that S3 would replace are refused`(text: String) throws {
        var policy = try Sample.policy()
        #expect(throws: PolicyError.fieldValueInvalid(name: "x-amz-meta-a", .substitution)) {
            try policy.add("x-amz-meta-a", text)
        }
        #expect(throws: PolicyError.fieldValueInvalid(name: "key", .substitution)) { try Sample.policy(key: text) }
    }

    @Test(arguments: ["$", "{", "}", "{$}", "$ {", "filename}", "$key", "$\u{301}{"])
    func `other dollars and braces are accepted`(text: String) throws {
        _ = try Sample.policy(key: text, [("acl", text)])
    }

    @Test func `keys have 1 to 1024 bytes of UTF-8`() throws {
        _ = try Sample.policy(key: String(repeating: "é", count: 512))
        #expect(throws: PolicyError.keyTooLong(bytes: 1026)) { try Sample.policy(key: String(repeating: "é", count: 513)) }
        #expect(throws: PolicyError.keyEmpty) { try Sample.policy(key: "") }
    }

    @Test(arguments: [-1...1, 0...(5 * 1024 * 1024 * 1024 + 1), Int.min...Int.max])
    func `sizes are between 0 bytes and 5 GiB`(sizes: ClosedRange<Int>) throws {
        #expect(throws: PolicyError.sizesInvalid(sizes)) { try Sample.policy(sizes: sizes) }
        _ = try Sample.policy(sizes: 0...0)
        _ = try Sample.policy(sizes: 0...UploadPolicy.maximumFileBytes)
    }

    @Test func `a policy needs a valid bucket and an expiration that can be written`() {
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
    @Test(arguments: [
        "\"},[\"starts-with\",\"$key\",\"\"],{\"x\":\"", "\"]],\"expiration\":\"9999-12-31T00:00:00Z", "\\", "\\\"",
        "\\u0022", "'", "]}", "\u{2028}",
        "\"", "a\"b", "%s%d%n", "{{x}}",
    ])
    func `values that look like JSON stay strings`(value: String) throws {
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

    @Test func `errors give advice and show no field values`() throws {
        var policy = try Sample.policy()
        #expect {
            try policy.add("acl", "secret-canary\n")
        } throws: { error in
            "\(error)" == "the value of \"acl\" holds a control character: remove or encode it"
        }
        #expect("\(PolicyError.keyTooLong(bytes: 2000))" == "the key has 2000 bytes: shorten it to 1024 bytes of UTF-8")
    }
}
