// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import WireFormats

struct PolicyEvaluatorTests {
    private static let size = 7

    private static func form(
        _ version: SignatureVersion = .v4, _ credentials: SigningCredentials = Sample.credentials, region: String = Sample.region,
        at date: Date = Sample.now
    ) throws -> [FormField] {
        try PolicySigner().sign(
            Sample.policy([("Content-Type", "image/png")]), version: version, credentials: credentials, region: region, at: date
        ).fields
    }

    private static func evaluate(
        _ form: [FormField], known: SigningCredentials = Sample.credentials, versions: Set<SignatureVersion> = [.v4, .v2],
        at date: Date = Sample.now
    ) -> StoreError? {
        PolicyEvaluator(region: Sample.region, versions: versions).evaluate(
            form: form, filename: nil, fileSize: size, bucket: Sample.bucket, at: date
        ) { $0 == known.accessKeyID ? known : nil }
    }

    /// The form with a field's value replaced, or removed where it is nil.
    private static func changing(_ form: [FormField], _ name: String, to value: String?) -> [FormField] {
        form.compactMap { field in
            field.name == name ? value.map { FormField(name: name, value: $0) } : field
        }
    }

    @Test(arguments: SignatureVersion.allCases, [Sample.credentials, Sample.session])
    func `a signed form is accepted`(version: SignatureVersion, credentials: SigningCredentials) throws {
        #expect(try Self.evaluate(Self.form(version, credentials), known: credentials) == nil)
    }

    @Test(arguments: [
        (SignatureVersion.v4, "key", "key"), (.v4, "Policy", "Policy"), (.v4, "X-Amz-Algorithm", "X-Amz-Algorithm"),
        (.v4, "X-Amz-Credential", "X-Amz-Credential"), (.v4, "X-Amz-Date", "X-Amz-Date"),
        (.v4, "X-Amz-Signature", "X-Amz-Signature"),
        (.v2, "key", "key"), (.v2, "policy", "Policy"), (.v2, "AWSAccessKeyId", "AWSAccessKeyId"),
        (.v2, "signature", "Signature"),
    ])
    func `the error of a missing field has AWS's spelling of it`(version: SignatureVersion, name: String, reported: String) throws
    {
        for value in [nil, ""] {
            #expect(
                try Self.evaluate(Self.changing(Self.form(version), name, to: value))
                    == StoreError(
                        status: 400, code: "InvalidArgument",
                        message:
                            "Bucket POST must contain a field named '\(reported)'.  If it is specified, please check the order of the fields.",
                        details: [.init(name: "ArgumentName", value: reported), .init(name: "ArgumentValue", value: "")]))
        }
    }

    @Test func `a form without any signature field is anonymous and denied`() throws {
        let form = try Self.form().filter { !$0.name.hasPrefix("X-Amz-") }
        #expect(Self.evaluate(form) == StoreError(status: 403, code: "AccessDenied", message: "Access Denied"))
        #expect(Self.evaluate([FormField(name: "key", value: "k")])?.message == "Access Denied")
    }

    @Test func `the key has at most 1024 bytes after ${filename} is replaced`() throws {
        let evaluator = PolicyEvaluator(region: Sample.region)
        let form = try Self.changing(Self.form(), "key", to: "a/${filename}")
        let refusal = evaluator.evaluate(
            form: form, filename: String(repeating: "é", count: 600), fileSize: 1, bucket: Sample.bucket, at: Sample.now
        ) { _ in Sample.credentials }
        #expect(refusal?.code == "KeyTooLongError")
    }

    @Test(arguments: SignatureVersion.allCases)
    func `a changed policy, signature or secret does not match`(version: SignatureVersion) throws {
        let form = try Self.form(version)
        let names = version == .v4 ? ("Policy", "X-Amz-Signature") : ("policy", "signature")
        let policy = try #require(form.first { $0.name == names.0 }?.value)
        let signature = try #require(form.first { $0.name == names.1 }?.value)
        let expected = StoreError(
            status: 403, code: "SignatureDoesNotMatch",
            message:
                "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
            details: [.init(name: "AWSAccessKeyId", value: Sample.credentials.accessKeyID)])
        // A policy cut short fails by its signature: nothing unsigned is read.
        for text in [String(policy.dropLast(2)), "x" + policy, policy + "=", policy + "\n", "e30="] {
            #expect(Self.evaluate(Self.changing(form, names.0, to: text)) == expected)
        }
        for text in [
            String(signature.dropLast()), signature + "0", " " + signature, String(signature.reversed()), "0",
            String(repeating: "0", count: 64),
        ] {
            #expect(Self.evaluate(Self.changing(form, names.1, to: text)) == expected)
        }
        if version == .v4 { #expect(Self.evaluate(Self.changing(form, names.1, to: signature.uppercased())) == expected) }
        let rotated = SigningCredentials(accessKeyID: Sample.credentials.accessKeyID, secretAccessKey: "another")
        #expect(Self.evaluate(form, known: rotated) == expected)
        // The refusal repeats neither policy nor signature.
        #expect(!"\(expected)".contains(signature) && !"\(expected.details)".contains(signature))
    }

    @Test(arguments: SignatureVersion.allCases)
    func `an unknown access key is told from a wrong signature`(version: SignatureVersion) throws {
        let other = SigningCredentials(accessKeyID: "AKIAOTHER", secretAccessKey: "s")
        #expect(
            try Self.evaluate(Self.form(version, other))
                == StoreError(
                    status: 403, code: "InvalidAccessKeyId",
                    message: "The AWS Access Key Id you provided does not exist in our records.",
                    details: [.init(name: "AWSAccessKeyId", value: "AKIAOTHER")]))
    }

    @Test(arguments: [
        ("AKIA", #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#),
        (
            "AKIA/20260101/eu-west-1/s3",
            #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#
        ),
        (
            "A/B/20260101/eu-west-1/s3/aws4_request",
            #"the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request"."#
        ),
        ("/20260101/eu-west-1/s3/aws4_request", "a non-empty Access Key (AKID) must be provided in the credential."),
        (
            "AKIA/2026-1-1/eu-west-1/s3/aws4_request",
            #"incorrect date format "2026-1-1". This date in the credential must be in the format "yyyyMMdd"."#
        ),
        (
            "AKIA/20260102/eu-west-1/s3/aws4_request",
            #"Invalid credential date "20260102". This date is not the same as X-Amz-Date: "20260101"."#
        ),
        ("AKIA/20260101/us-east-1/s3/aws4_request", "the region 'us-east-1' is wrong; expecting 'eu-west-1'"),
        ("AKIA/20260101/EU-WEST-1/s3/aws4_request", "the region 'EU-WEST-1' is wrong; expecting 'eu-west-1'"),
        ("AKIA/20260101/eu-west-1/sts/aws4_request", #"incorrect service "sts". This endpoint belongs to "s3"."#),
        ("AKIA/20260101/eu-west-1/S3/aws4_request", #"incorrect service "S3". This endpoint belongs to "s3"."#),
        ("AKIA/20260101/eu-west-1/s3/aws4", #"incorrect terminal "aws4". This endpoint uses "aws4_request"."#),
    ])
    func `the credential scope must fit the store`(credential: String, message: String) throws {
        let refusal = try Self.evaluate(Self.changing(Self.form(), "X-Amz-Credential", to: credential))
        #expect(refusal?.status == 400 && refusal?.code == "InvalidArgument")
        #expect(refusal?.message == message)
        #expect(
            refusal?.details.prefix(2) == [
                .init(name: "ArgumentName", value: "X-Amz-Credential"), .init(name: "ArgumentValue", value: credential),
            ])
    }

    @Test func `a correctly signed form for another region is refused`() throws {
        let refusal = try Self.evaluate(Self.form(region: "us-east-1"))
        #expect(refusal?.message == "the region 'us-east-1' is wrong; expecting 'eu-west-1'")
        #expect(refusal?.details.last == .init(name: "Region", value: Sample.region))
    }

    @Test(arguments: ["20260101", "2026-01-01T00:00:00Z", "20260101T250000Z", "20260132T000000Z", "x"])
    func `X-Amz-Date must be a date`(text: String) throws {
        let refusal = try Self.evaluate(Self.changing(Self.form(), "X-Amz-Date", to: text))
        #expect(refusal?.message == "X-Amz-Date must be formated via ISO8601 Long format")
    }

    @Test func `another X-Amz-Date of the same day is refused by the policy`() throws {
        let refusal = try Self.evaluate(Self.changing(Self.form(), "X-Amz-Date", to: "20260101T000001Z"))
        #expect(
            refusal?.message
                == #"Invalid according to Policy: Policy Condition failed: ["eq", "$X-Amz-Date", "20260101T000000Z"]"#)
    }

    @Test func `unsupported algorithms and versions are refused`() throws {
        let expected = StoreError(
            status: 400, code: "InvalidRequest",
            message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
        for algorithm in ["AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256", "AWS4-HMAC-SHA1", "none"] {
            #expect(try Self.evaluate(Self.changing(Self.form(), "X-Amz-Algorithm", to: algorithm)) == expected)
        }
        #expect(try Self.evaluate(Self.form(.v2), versions: [.v4]) == expected)
        #expect(try Self.evaluate(Self.form(.v4), versions: [.v4]) == nil)
    }

    @Test func `a form with fields of both versions is checked as v4, whose policy does not allow the others`() throws {
        let v2 = try Self.form(.v2)
        let mixed = v2 + [FormField(name: "X-Amz-Algorithm", value: "AWS4-HMAC-SHA256")]
        #expect(Self.evaluate(mixed)?.message.contains("'X-Amz-Credential'") == true)
        #expect(try Self.evaluate(Self.form() + [FormField(name: "signature", value: "x")]) == nil)
    }

    @Test(arguments: SignatureVersion.allCases)
    func `temporary keys need their session token, and only they have one`(version: SignatureVersion) throws {
        let name = version == .v4 ? "X-Amz-Security-Token" : "x-amz-security-token"
        let form = try Self.form(version, Sample.session)
        #expect(Self.evaluate(Self.changing(form, name, to: nil), known: Sample.session)?.code == "InvalidAccessKeyId")
        for token in ["x", Sample.sessionToken + "x", String(Sample.sessionToken.dropLast()), ""] {
            let refusal = Self.evaluate(Self.changing(form, name, to: token), known: Sample.session)
            #expect(refusal?.status == 400 && refusal?.code == "InvalidToken")
        }
        #expect(Self.evaluate(form, known: Sample.credentials)?.code == "InvalidToken")
    }

    @Test func `expired credentials are refused before the policy's expiration`() throws {
        let ended = SigningCredentials(
            accessKeyID: Sample.session.accessKeyID, secretAccessKey: Sample.session.secretAccessKey,
            sessionToken: Sample.sessionToken,
            expiration: Sample.now)
        let refusal = try Self.evaluate(Self.form(.v4, Sample.session), known: ended)
        #expect(refusal == StoreError(status: 400, code: "ExpiredToken", message: "The provided token has expired."))
    }

    @Test func `a signature is valid for seven days`() throws {
        let credentials = Sample.credentials
        // The signer refuses such a policy, so it is made by hand, dated eight days before its form is judged.
        let date = "20260101T000000Z"
        let credential = "\(credentials.accessKeyID)/20260101/\(Sample.region)/s3/aws4_request"
        let json = """
            {"expiration":"2027-01-01T00:00:00Z","conditions":[{"bucket":"\(Sample.bucket)"},{"key":"k"},{"x-amz-date":"\(date)"},\
            {"x-amz-credential":"\(credential)"},{"x-amz-algorithm":"AWS4-HMAC-SHA256"}]}
            """
        let policy = Base64.encode(Array(json.utf8).span)
        let signature = try PolicySigner().signature(
            ofPolicy: policy, version: .v4, credentials: credentials, region: Sample.region, at: Sample.now)
        let form = [
            ("key", "k"), ("x-amz-date", date), ("x-amz-credential", credential), ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("policy", policy), ("x-amz-signature", signature),
        ].map { FormField(name: $0.0, value: $0.1) }
        #expect(Self.evaluate(form, at: Sample.now + 7 * 86_400) == nil)
        #expect(Self.evaluate(form, at: Sample.now + 7 * 86_400 + 1)?.message == "Request has expired")
    }

    @Test func `without the file's size everything else is checked`() throws {
        let evaluator = PolicyEvaluator(region: Sample.region)
        let refusal = try evaluator.evaluate(
            form: Self.form(), filename: "x", fileSize: nil, bucket: Sample.bucket, at: Sample.now
        ) {
            _ in
            Sample.credentials
        }
        #expect(refusal == nil)
    }
}
