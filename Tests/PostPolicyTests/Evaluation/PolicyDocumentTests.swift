// SPDX-License-Identifier: Apache-2.0

import Foundation
import PostPolicy
import Testing
import WireFormats

struct PolicyDocumentTests {
    /// A form that ``policy(_:)`` allows.
    private static let form = [
        FormField(name: "key", value: "user/u1/a.png"), FormField(name: "Content-Type", value: "image/png"),
        FormField(name: "acl", value: "private"),
    ]

    /// A policy with the conditions that ``form`` needs but for its `acl`, and further ones.
    private static func policy(_ further: String) throws(StoreError) -> PolicyDocument {
        let conditions = [
            #"{"bucket":"acme-uploads"}"#, #"["starts-with","$key","user/u1/"]"#, #"["starts-with","$Content-Type","image/"]"#,
            further,
        ]
        return try PolicyDocument(
            json: Array(
                "{\"expiration\":\"2026-01-01T00:05:00.000Z\",\"conditions\":[\(conditions.joined(separator: ","))]}".utf8))
    }

    private static func evaluate(
        _ further: String, _ form: [FormField] = form, size: Int? = 1, bucket: String = Sample.bucket, at date: Date = Sample.now
    ) throws -> StoreError? {
        try policy(further).evaluate(form: form, fileSize: size, bucket: bucket, at: date)
    }

    private static func field(_ name: String, _ value: String) -> FormField {
        FormField(name: name, value: value)
    }

    @Test(arguments: [
        #"{"acl":"private"}"#, #"["eq","$acl","private"]"#, #"["EQ","$ACL","private"]"#, #"{"AcL":"private"}"#,
        #"["starts-with","$acl","private"]"#, #"["StArTs-WiTh","$aCl","pri"]"#, #"["starts-with","$acl",""]"#,
    ])
    func `the three forms of an exact condition mean the same, and names have no case`(condition: String) throws {
        #expect(try Self.evaluate(condition) == nil)
        let shouting = Self.form.map { FormField(name: $0.name.uppercased(), value: $0.value) }
        #expect(try Self.evaluate(condition, shouting) == nil)
    }

    @Test(arguments: [
        (#"{"acl":"public-read"}"#, #"["eq", "$acl", "public-read"]"#),
        (#"{"ACL":"public-read"}"#, #"["eq", "$ACL", "public-read"]"#),
        (#"["eq","$acl","Private"]"#, #"["eq", "$acl", "Private"]"#),
        (#"["eq","$acl","private "]"#, #"["eq", "$acl", "private "]"#),
        (#"["eq","$acl",""]"#, #"["eq", "$acl", ""]"#),
        (#"["starts-with","$acl","Pri"]"#, #"["starts-with", "$acl", "Pri"]"#),
        (#"["starts-with","$acl","privates"]"#, #"["starts-with", "$acl", "privates"]"#),
        (#"["eq","acl","private"]"#, #"["eq", "acl", "private"]"#),
        (#"["starts-with","acl",""]"#, #"["starts-with", "acl", ""]"#),
        (#"["eq","$","private"]"#, #"["eq", "$", "private"]"#),
        (
            #"["eq","$Content-Disposition","filename=\"test.png\""]"#,
            #"["eq", "$Content-Disposition", "filename=\"test.png\""]"#
        ),
        (#"["starts-with","$x-amz-meta-tag",""]"#, #"["starts-with", "$x-amz-meta-tag", ""]"#),
        (#"{"x-amz-meta-tag":""}"#, #"["eq", "$x-amz-meta-tag", ""]"#),
        (#"["content-length-range","test","10"]"#, #"["content-length-range", "test", "10"]"#),
        (#"["content-length-range",0,"x"]"#, #"["content-length-range", 0, "x"]"#),
        (#"["eq","$key","user/u1/A.png"]"#, #"["eq", "$key", "user/u1/A.png"]"#),
    ])
    func `the error of a failed condition repeats it as S3 does`(condition: String, text: String) throws {
        #expect(
            try Self.evaluate(condition)
                == StoreError(
                    status: 403, code: "AccessDenied", message: "Invalid according to Policy: Policy Condition failed: \(text)"))
    }

    @Test func `values are compared by bytes`() throws {
        let composed = [Self.field("x-amz-meta-n", "\u{e9}")] + Self.form
        #expect(try Self.evaluate(#"{"acl":"private"},{"x-amz-meta-n":"é"}"#.replacing("é", with: "\u{e9}"), composed) == nil)
        #expect(try Self.evaluate(#"{"acl":"private"},{"x-amz-meta-n":"é"}"#.replacing("é", with: "e\u{301}"), composed) != nil)
        // A prefix of bytes that is no prefix of characters, and the reverse.
        let combining = [Self.field("x-amz-meta-n", "e\u{301}x")] + Self.form
        #expect(try Self.evaluate(#"{"acl":"private"},["starts-with","$x-amz-meta-n","e"]"#, combining) == nil)
        #expect(
            try Self.evaluate("{\"acl\":\"private\"},[\"starts-with\",\"$x-amz-meta-n\",\"\u{e9}\"]", combining) != nil)
    }

    @Test func `all conditions on a field must hold`() throws {
        #expect(try Self.evaluate(#"{"acl":"private"},["starts-with","$acl","pri"]"#) == nil)
        #expect(
            try Self.evaluate(#"{"acl":"private"},{"acl":"public-read"}"#)?.message.hasSuffix(#"["eq", "$acl", "public-read"]"#)
                == true)
    }

    @Test(arguments: [
        ("Content-Type", "image/jpg,image/png,image/gif", true), ("Content-Type", "image/jpg, image/png", true),
        ("Content-Type", "image/jpg,text/plain", false), ("Content-Type", "text/plain,image/jpg", false),
        ("Content-Type", "image/jpg,", false), ("Content-Type", ",image/jpg", false),
        ("Content-Type", "image/jpg,IMAGE/png", false),
        ("Content-Type", "image/", true), ("Content-Type", "image", false), ("x-amz-meta-list", "image/jpg,text/plain", true),
    ])
    func `under starts-with, commas make a list of Content-Type and of no other field`(
        name: String, value: String, isAccepted: Bool
    ) throws {
        let form = [Self.field("key", "user/u1/k"), Self.field(name, value)] + (name == "Content-Type" ? [] : [Self.form[1]])
        #expect((try Self.evaluate("[\"starts-with\",\"$\(name)\",\"image/\"]", form) == nil) == isAccepted)
    }

    @Test func `an exact Content-Type with a comma is one value`() throws {
        let form = [Self.field("key", "user/u1/k"), Self.field("Content-Type", "image/a,image/b")]
        #expect(try Self.evaluate(#"{"Content-Type":"image/a,image/b"}"#, form) == nil)
        #expect(try Self.evaluate(#"{"Content-Type":"image/a"}"#, form) != nil)
    }

    @Test(arguments: [
        ("x-amz-meta-foo", "x-amz-meta-foo"), ("Cache-Control", "cache-control"), ("submit", "submit"),
        ("x-ignored", "x-ignored"),
    ])
    func `every field needs a condition`(name: String, reported: String) throws {
        #expect(
            try Self.evaluate(#"{"acl":"private"}"#, Self.form + [Self.field(name, "v")])
                == StoreError(
                    status: 403, code: "AccessDenied", message: "Invalid according to Policy: Extra input fields: \(reported)"))
    }

    @Test(arguments: [
        "x-amz-signature", "X-Amz-Signature", "file", "policy", "Policy", "signature", "Signature", "AWSAccessKeyId",
        "x-ignore-foo",
        "X-Ignore-Foo", "x-ignore-",
    ])
    func `signature fields, the file and x-ignore- fields need no condition`(name: String) throws {
        #expect(try Self.evaluate(#"{"acl":"private"}"#, Self.form + [Self.field(name, "v")]) == nil)
    }

    @Test func `fields of the same name are joined with commas, whatever their case`() throws {
        let form = Self.form + [Self.field("ACL", "public-read")]
        #expect(try Self.evaluate(#"{"acl":"private"}"#, form) != nil)
        #expect(try Self.evaluate(#"{"acl":"public-read"}"#, form) != nil)
        #expect(try Self.evaluate(#"{"acl":"private,public-read"}"#, form) == nil)
        let twoKeys = Self.form + [Self.field("key", "user/u2/b.png")]
        #expect(try Self.evaluate(#"{"acl":"private"},{"key":"user/u1/a.png"}"#, twoKeys) != nil)
        #expect(try Self.evaluate(#"{"acl":"private"},["eq","$key","user/u2/b.png"]"#, twoKeys) != nil)
    }

    @Test func `the bucket is the one of the URL`() throws {
        let failure = #"Invalid according to Policy: Policy Condition failed: ["eq", "$bucket", "acme-uploads"]"#
        #expect(try Self.evaluate(#"{"acl":"private"}"#, bucket: "other")?.message == failure)
        // A field of that name does not change it …
        let claim = Self.form + [Self.field("bucket", Sample.bucket)]
        #expect(try Self.evaluate(#"{"acl":"private"}"#, claim, bucket: "other")?.message == failure)
        #expect(try Self.evaluate(#"{"acl":"private"}"#, claim) == nil)
        // … and must not say something else.
        let lie = Self.form + [Self.field("bucket", "other")]
        #expect(try Self.evaluate(#"{"acl":"private"}"#, lie)?.message == failure)
    }

    @Test func `a policy without a condition on the bucket allows no upload`() throws {
        let json = #"{"expiration":"2026-01-01T00:05:00Z","conditions":[{"key":"k"}]}"#
        let refusal = try PolicyDocument(json: Array(json.utf8))
            .evaluate(form: [Self.field("key", "k")], fileSize: 1, bucket: "b-1", at: Sample.now)
        #expect(refusal?.message == "Invalid according to Policy: Extra input fields: bucket")
    }

    @Test func `the policy ends at its expiration, to the millisecond`() throws {
        let end = Sample.now + 300
        #expect(try Self.evaluate(#"{"acl":"private"}"#, at: end - 0.001) == nil)
        for late in [end, end + 0.001, end + 1e9, .distantFuture] {
            #expect(
                try Self.evaluate(#"{"acl":"private"}"#, at: late)
                    == StoreError(status: 403, code: "AccessDenied", message: "Invalid according to Policy: Policy expired."))
        }
    }

    @Test func `expiration, conditions, extra fields and size are checked in this order`() throws {
        let size = #"["content-length-range",5,10]"#
        let extra = Self.form + [Self.field("extra", "")]
        #expect(
            try Self.evaluate(#"{"acl":"x"},\#(size)"#, extra, size: 0, at: .distantFuture)?.message.contains("expired") == true)
        #expect(try Self.evaluate(#"{"acl":"x"},\#(size)"#, extra, size: 0)?.message.contains("Condition failed") == true)
        #expect(try Self.evaluate(#"{"acl":"private"},\#(size)"#, extra, size: 0)?.message.contains("Extra input") == true)
        #expect(try Self.evaluate(#"{"acl":"private"},\#(size)"#, size: 0)?.code == "EntityTooSmall")
    }

    @Test func `sizes are within content-length-range, inclusive, as integers or strings`() throws {
        for range in ["5,10", "\"5\",\"10\"", "5,\"10\""] {
            let condition = #"{"acl":"private"},["content-length-range",\#(range)]"#
            #expect(try Self.evaluate(condition, size: 5) == nil)
            #expect(try Self.evaluate(condition, size: 10) == nil)
            #expect(try Self.evaluate(condition, size: nil) == nil)
            #expect(
                try Self.evaluate(condition, size: 12)
                    == StoreError(
                        status: 400, code: "EntityTooLarge", message: "Your proposed upload exceeds the maximum allowed size",
                        details: [.init(name: "ProposedSize", value: "12"), .init(name: "MaxSizeAllowed", value: "10")]))
            #expect(
                try Self.evaluate(condition, size: 1)
                    == StoreError(
                        status: 400, code: "EntityTooSmall",
                        message: "Your proposed upload is smaller than the minimum allowed size",
                        details: [.init(name: "ProposedSize", value: "1"), .init(name: "MinSizeAllowed", value: "5")]))
        }
    }

    @Test func `several ranges must all hold, an empty one allows nothing, and without one 5 GiB are allowed`() throws {
        let two = try Self.policy(#"["content-length-range",5,10],["content-length-range",8,20]"#)
        #expect((two.minimumFileBytes, two.maximumFileBytes) == (8, 10))
        let acl = #"{"acl":"private"}"#
        for size in [0, 7, 8, 100] {
            #expect(try Self.evaluate(#"\#(acl),["content-length-range",8,7]"#, size: size) != nil)
        }
        #expect(try Self.evaluate(#"\#(acl),["content-length-range",-1,0]"#, size: 3)?.code == "EntityTooLarge")
        #expect(try Self.evaluate(acl, size: UploadPolicy.maximumFileBytes) == nil)
        #expect(try Self.evaluate(acl, size: UploadPolicy.maximumFileBytes + 1)?.code == "EntityTooLarge")
        #expect(
            try Self.evaluate(#"\#(acl),["content-length-range",0,9000000000000000000]"#, size: Int.max)?.code == "EntityTooLarge"
        )
    }

    @Test(arguments: [
        ("", "Invalid JSON."), ("not json", "Invalid JSON."), ("[]", "Invalid JSON."), ("{}", "Policy missing expiration."),
        ("null", "Invalid JSON."), (#"{"conditions":[]}"#, "Policy missing expiration."),
        (#"{"expiration":"2026-01-01T00:05:00Z"}"#, "Policy missing conditions."),
        (#"{"EXPIRATION":"2026-01-01T00:05:00Z","conditions":[]}"#, "Unexpected: 'expiration'"),
        (#"{"expiration":"2026-01-01T00:05:00Z","CONDITIONS":[]}"#, "Unexpected: 'conditions'"),
        (#"{"Version":"2012-10-17","Statement":[]}"#, "Unexpected: 'version'"),
        (#"{"expiration":1,"conditions":[]}"#, "Invalid JSON."),
        (
            #"{"expiration":"2011-09-13T07:52:58+02:00","conditions":[]}"#,
            "Invalid 'expiration' value: '2011-09-13T07:52:58+02:00'"
        ),
        (
            #"{"expiration":"2015-10-17 03:15:59 UTC","conditions":[]}"#,
            "Invalid 'expiration' value: '2015-10-17 03:15:59 UTC'"
        ),
        (#"{"expiration":"2026-01-01T00:05:00Z","conditions":{}}"#, "Invalid 'conditions' value: must be a List."),
        (#"{"expiration":"2026-01-01T00:05:00Z","conditions":[],"conditions":[]}"#, "Invalid JSON."),
        (#"{"expiration":"2026-01-01T00:05:00Z","conditions":[],}"#, "Invalid JSON."),
        ("{\"expiration\":\"2026-01-01T00:05:00Z\",\"conditions\":[]}\u{0}", "Invalid JSON."),
    ])
    func `an invalid policy is refused with S3's message`(json: String, reason: String) {
        #expect(throws: StoreError(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: \(reason)")) {
            try PolicyDocument(json: Array(json.utf8))
        }
        #expect(throws: StoreError(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: \(reason)")) {
            try PolicyDocument(base64: Data(json.utf8).base64EncodedString())
        }
    }

    @Test(arguments: [
        ("{}", "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
        (#"{"a":"b","c":"d"}"#, "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."),
        (#"{"Content-Length":6199034}"#, "Invalid Simple-Condition: value must be a string."),
        (#"{"a":["b"]}"#, "Invalid Simple-Condition: value must be a string."),
        (#"{"a":true}"#, "Invalid Simple-Condition: value must be a string."),
        (#"{"a":null}"#, "Invalid JSON."), ("1", "Invalid condition test: must be a List or Object."),
        (#""acl""#, "Invalid condition test: must be a List or Object."),
        ("[]", "Invalid Condition: missing operation identifier."),
        ("[1,2,3]", "Invalid JSON."), (#"["not-in","$a","b"]"#, "Invalid Condition: unknown operation 'not-in'."),
        (#"["Ends-With","$a","b"]"#, "Invalid Condition: unknown operation 'ends-with'."),
        (#"["eq","$a"]"#, "Invalid eq: wrong number of arguments."),
        (#"["eq","$a","b","c"]"#, "Invalid eq: wrong number of arguments."),
        (#"["starts-with"]"#, "Invalid starts-with: wrong number of arguments."),
        (#"["content-length-range",0]"#, "Invalid content-length-range: wrong number of arguments."),
        (#"["eq","$a",1]"#, "Invalid JSON."),
        (#"["eq",1,"a"]"#, "Invalid JSON."), (#"["starts-with","$a",["b"]]"#, "Invalid JSON."),
        (#"["content-length-range",0,512.0]"#, "Invalid JSON."), (#"["content-length-range",0,1e3]"#, "Invalid JSON."),
        (#"["content-length-range",0,null]"#, "Invalid JSON."),
        (#"["content-length-range",0,99999999999999999999]"#, "Invalid JSON."),
    ])
    func `an invalid condition is refused with S3's message`(condition: String, reason: String) {
        #expect(throws: StoreError(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: \(reason)")) {
            try Self.policy(condition)
        }
    }

    @Test(arguments: ["e30", "e30==", "e30 ", "e3-=", "e30=\n"])
    func `a policy that is not base64 is refused`(text: String) {
        #expect(
            throws: StoreError(status: 400, code: "InvalidPolicyDocument", message: "Invalid Policy: invalid Base64 encoding.")
        ) { try PolicyDocument(base64: text) }
    }

    @Test func `AWS's example policy accepts AWS's example form`() throws {
        let document = try PolicyDocument(json: AWSVectorTests.policy)
        #expect(document.expiration == Date(timeIntervalSince1970: 1_451_476_800))
        let form = [
            ("key", "user/user1/photo.jpg"), ("acl", "public-read"),
            ("success_action_redirect", "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"),
            ("Content-Type", "image/jpeg"), ("x-amz-meta-uuid", "14365123651274"), ("x-amz-server-side-encryption", "AES256"),
            ("X-Amz-Credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Date", "20151229T000000Z"), ("x-amz-meta-tag", ""), ("Policy", "…"), ("X-Amz-Signature", "…"),
        ].map { FormField(name: $0.0, value: $0.1) }
        #expect(document.evaluate(form: form, fileSize: 1, bucket: "sigv4examplebucket", at: AWSVectorTests.date) == nil)
        #expect(document.evaluate(form: form, fileSize: 1, bucket: "other", at: AWSVectorTests.date) != nil)
    }
}
