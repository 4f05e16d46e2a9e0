// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import PosternTestSupport
import Testing
import WireFormats

struct PolicySignerTests {
    private let signer = PolicySigner()
    private static let fields = [("Content-Type", "image/png"), ("x-amz-meta-album", "Zürich/2026 😀")]
    private static let key = "avatars/u1/é \"x\" \\.png"

    @Test func `v4: fields are in order, the policy is compact, and the signature is botocore's`() throws {
        let form = try signer.sign(
            Sample.policy(key: Self.key, sizes: 48213...48213, Self.fields), credentials: Sample.session,
            region: Sample.region, at: Sample.now)
        #expect(
            form.fields.map(\.name) == [
                "key", "bucket", "Content-Type", "x-amz-meta-album", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date",
                "X-Amz-Security-Token", "Policy", "X-Amz-Signature",
            ])
        let expected = #"""
            {"expiration":"2026-01-01T00:05:00Z","conditions":[{"key":"avatars/u1/é \"x\" \\.png"},{"bucket":"acme-uploads"},\#
            {"Content-Type":"image/png"},{"x-amz-meta-album":"Zürich/2026 😀"},{"X-Amz-Algorithm":"AWS4-HMAC-SHA256"},\#
            {"X-Amz-Credential":"AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/s3/aws4_request"},{"X-Amz-Date":"20260101T000000Z"},\#
            {"X-Amz-Security-Token":"FwoGZXIvYXdzEXAMPLE//////////wEaDTOKEN+/=="},["content-length-range",48213,48213]]}
            """#
        #expect(String(decoding: form.policyJSON, as: UTF8.self) == expected)
        #expect(form["Policy"] == Data(form.policyJSON).base64EncodedString())
        #expect(form["X-Amz-Signature"] == "f7aaa8c994a157877835677220dcef97bddf898275d5b1662a105162b9bc5515")
    }

    @Test func `v2: fields are in order, and the signature is botocore's`() throws {
        let policy = try Sample.policy(key: Self.key, sizes: 0...5_242_880, Self.fields)
        let form = try signer.sign(policy, version: .v2, credentials: Sample.credentials, region: Sample.region, at: Sample.now)
        #expect(
            form.fields.map(\.name) == [
                "key", "AWSAccessKeyId", "bucket", "Content-Type", "x-amz-meta-album", "policy", "signature",
            ])
        #expect(form["AWSAccessKeyId"] == "AKIAIOSFODNN7EXAMPLE")
        #expect(form["signature"] == "JknTeQK1XplBASBcWYCjZ9x8JoA=")

        let session = try signer.sign(policy, version: .v2, credentials: Sample.session, region: Sample.region, at: Sample.now)
        #expect(session.fields.map(\.name).suffix(3) == ["x-amz-security-token", "policy", "signature"])
        #expect(session["signature"] == "p1b0sY5D3womP9J0eCLqrre45ho=")
    }

    @Test(arguments: [
        SignatureVersion.v4, .v2,
    ])
    func `every field but policy and signature has exactly one condition, and the reverse`(version: SignatureVersion) throws {
        var random = SplitMix64(seed: 3)
        for round in 0..<500 {
            let policy = try Sample.randomPolicy(&random)
            let credentials = round.isMultiple(of: 2) ? Sample.credentials : Sample.session
            let form = try signer.sign(policy, version: version, credentials: credentials, region: "us-east-1", at: Sample.now)
            guard case .object(let object) = try JSONValue(parsing: form.policyJSON),
                case .array(var conditions) = object["conditions"]
            else {
                return #expect(Bool(false))
            }
            #expect(object.members.map(\.name) == ["expiration", "conditions"])
            guard case .array(let range) = conditions.popLast() else { return #expect(Bool(false)) }
            #expect(range.first == .string("content-length-range") && range.count == 3)

            let conditioned = conditions.compactMap { condition -> FormField? in
                guard case .object(let object) = condition, object.members.count == 1, let member = object.members.first,
                    case .string(let value) = member.value
                else { return nil }
                return FormField(name: member.name, value: value)
            }
            let unconditioned: Set = ["Policy", "X-Amz-Signature", "policy", "signature", "AWSAccessKeyId"]
            #expect(conditioned == form.fields.filter { !unconditioned.contains($0.name) })
            #expect(conditioned.starts(with: policy.fields))
            #expect(Set(form.fields.map { $0.name.lowercased() }).count == form.fields.count)
        }
    }

    @Test func `the signed values are the sent values`() throws {
        var random = SplitMix64(seed: 4)
        for _ in 0..<200 {
            let form = try signer.sign(
                Sample.randomPolicy(&random), credentials: Sample.credentials, region: Sample.region, at: Sample.now)
            let encoded = try #require(form["Policy"])
            #expect(Data(base64Encoded: encoded) == Data(form.policyJSON))
            // A signer without any kept key comes to the same signature.
            let fresh = try PolicySigner().signature(
                ofPolicy: encoded, version: .v4, credentials: Sample.credentials, region: Sample.region, at: Sample.now)
            #expect(form["X-Amz-Signature"] == fresh)
            #expect(fresh.utf8.count == 64 && fresh.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        }
    }

    @Test func `a form over 20,000 bytes is not signed, and the error has its size`() throws {
        var policy = try Sample.policy()
        for index in 0..<9 { try policy.add("x-amz-meta-\(index)", String(repeating: "x", count: 1000)) }
        // base64 repeats the values: 9 kB of metadata take more than 20 kB.
        #expect {
            try signer.sign(policy, credentials: Sample.credentials, region: Sample.region, at: Sample.now)
        } throws: { error in
            guard case .formTooLarge(let bytes, 20_000, 0) = error as? PolicyError else { return false }
            return bytes > 20_000 && "\(error)".contains("20000")
        }
    }

    @Test(arguments: SignatureVersion.allCases)
    func `the error of a form that is too large has the session token's share`(version: SignatureVersion) throws {
        func form(_ policy: UploadPolicy, token: String?) throws(PolicyError) -> SignedForm {
            let credentials = SigningCredentials(accessKeyID: "AKIA", secretAccessKey: "s", sessionToken: token)
            return try signer.sign(policy, version: version, credentials: credentials, region: Sample.region, at: Sample.now)
        }
        func error(_ policy: UploadPolicy, token: String) throws -> PolicyError {
            try #require(throws: PolicyError.self) { try form(policy, token: token) }
        }
        let policy = try Sample.policy()
        let bytes = try form(policy, token: nil).formBytes

        // base64 repeats the token within the policy.
        let long = try error(policy, token: String(repeating: "t", count: 12_000))
        guard case .formTooLarge(let all, 20_000, let token) = long else { return #expect(Bool(false), "\(long)") }
        #expect(all - token == bytes && (28_000...28_200).contains(token))
        #expect(long.isSessionTokenTooLong && "\(long)".hasSuffix("use credentials with a shorter session token"))

        var large = policy
        for index in 0..<5 { try large.add("x-amz-meta-\(index)", String(repeating: "x", count: 1000)) }
        let other = try error(large, token: String(repeating: "t", count: 3000))
        guard case .formTooLarge(let sum, 20_000, let part) = other else { return #expect(Bool(false), "\(other)") }
        let rest = try form(large, token: nil).formBytes
        #expect(sum - part == rest)
        #expect(!other.isSessionTokenTooLong && "\(other)".hasSuffix("shorten the metadata or tags"))
    }

    @Test func `the form's size is that of a form with the longest boundary`() throws {
        let form = try signer.sign(
            Sample.policy(key: "é"), credentials: Sample.credentials, region: Sample.region, at: Sample.now)
        let boundary = String(repeating: "b", count: 70)
        let body = form.fields.map {
            "\r\n--\(boundary)\r\nContent-Disposition: form-data; name=\"\($0.name)\"\r\n\r\n\($0.value)"
        }.joined()
        #expect(form.formBytes == body.utf8.count)
    }

    @Test func `expiration, lifetime and the credentials' end are checked against the given date`() throws {
        let policy = try Sample.policy()
        func sign(at date: Date, _ credentials: SigningCredentials = Sample.credentials, version: SignatureVersion = .v4) throws {
            _ = try signer.sign(policy, version: version, credentials: credentials, region: Sample.region, at: date)
        }
        #expect(throws: PolicyError.alreadyExpired) { try sign(at: policy.expiration) }
        #expect(throws: PolicyError.alreadyExpired) { try sign(at: policy.expiration + 1) }
        try sign(at: policy.expiration - 1)
        try sign(at: policy.expiration - 7 * 86_400)
        #expect(throws: PolicyError.expirationTooFar) { try sign(at: policy.expiration - 7 * 86_400 - 1) }
        try sign(at: policy.expiration - 30 * 86_400, version: .v2)
        #expect(throws: PolicyError.dateInvalid) { try sign(at: Date(timeIntervalSince1970: -1e15)) }
        #expect(throws: PolicyError.dateInvalid) { try sign(at: Date(timeIntervalSince1970: .nan)) }

        let ending = SigningCredentials(accessKeyID: "AKIA", secretAccessKey: "s", sessionToken: "t", expiration: Sample.now)
        #expect(throws: PolicyError.credentialsExpired) { try sign(at: Sample.now, ending) }
        try sign(at: Sample.now - 1, ending)
    }

    @Test(
        arguments: [
            ("", "s", nil), ("AKIA", "", nil), ("AK/IA", "s", nil), ("AK IA", "s", nil), ("AKIA\n", "s", nil), ("AKIÄ", "s", nil),
            ("AKIA", "s", "to ken"), ("AKIA", "s", "token\r\n"), ("AKIA", "s", "tökén"), ("AKIA\0", "s", nil),
        ] as [(String, String, String?)])
    func `credentials that a form would not carry unchanged are refused`(id: String, secret: String, token: String?) {
        let credentials = SigningCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token)
        #expect(throws: PolicyError.credentialsInvalid) {
            try signer.sign(Sample.policy(), credentials: credentials, region: Sample.region, at: Sample.now)
        }
    }

    @Test(arguments: ["", "eu/west", "eu west", "é", "a\n"])
    func `regions that would change the credential scope are refused`(region: String) {
        #expect(throws: PolicyError.regionInvalid(region)) {
            try signer.sign(Sample.policy(), credentials: Sample.credentials, region: region, at: Sample.now)
        }
    }

    @Test func `the expiration is rounded down to the second`() throws {
        let policy = try UploadPolicy(
            bucket: Sample.bucket, key: "k", contentLength: 0...1, expiration: Sample.now + 299.999)
        let form = try signer.sign(policy, credentials: Sample.credentials, region: Sample.region, at: Sample.now + 0.9)
        #expect(String(decoding: form.policyJSON, as: UTF8.self).hasPrefix(#"{"expiration":"2026-01-01T00:04:59Z","#))
        #expect(form["X-Amz-Date"] == "20260101T000000Z")
    }
}
