// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternTestSupport
import Testing
import WireFormats

@testable import PostPolicy

struct PresignedPutTests {
    private let signer = PolicySigner()

    private static func store() throws -> StoreEndpoint {
        try StoreEndpoint(bucket: Sample.bucket, region: Sample.region)
    }

    private static func upload(
        key: String = "avatars/u1/x.png", size: Int = 48213, _ headers: [(String, String)] = [("Content-Type", "image/png")]
    ) throws -> PutUpload {
        var upload = try PutUpload(store: try store(), key: key, contentLength: size, expiration: Sample.now + 300)
        for (name, value) in headers { try upload.add(name, value) }
        return upload
    }

    @Test func `AWS's published example has its signature`() throws {
        // "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)", S3 API reference.
        let request = CanonicalRequest(
            method: "GET", headers: [HeaderField(name: "Host", value: "examplebucket.s3.amazonaws.com")])
        let text = request.text(
            path: "/test.txt",
            query:
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host")
        let key = try #require(SigningKey.v4(Sample.credentials, day: "20130524", region: "us-east-1"))
        let signature = try PolicySigner.signature(of: text, key, date: "20130524T000000Z")
        #expect(signature == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
    }

    @Test func `the URL is botocore's`() throws {
        let upload = try Self.upload(
            key: "avatars/u1/é \"x\".png",
            [
                ("Content-Type", "image/png"), ("Cache-Control", "private, max-age=60"),
                ("Content-Disposition", "attachment; filename=\"a.png\"; filename*=UTF-8''a.png"), ("x-amz-meta-album", "Zürich"),
                ("If-None-Match", "*"),
            ])
        let put = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now)
        #expect(
            put.url
                == "https://acme-uploads.s3.eu-west-1.amazonaws.com/avatars/u1/%C3%A9%20%22x%22.png?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z"
                + "&X-Amz-Expires=300&X-Amz-SignedHeaders=cache-control%3Bcontent-disposition%3Bcontent-length%3Bcontent-type%3Bhost"
                + "%3Bif-none-match%3Bx-amz-meta-album&X-Amz-Signature=6c78825c3adc8a7d4bd91db15d6d70e07bbc8ebe4c2b5681b644b91fe64a7de0"
        )
        #expect(
            put.headers.map(\.name) == [
                "Content-Type", "Cache-Control", "Content-Disposition", "x-amz-meta-album", "If-None-Match",
            ])
        #expect(put.headers[3].value == "=?UTF-8?B?WsO8cmljaA==?=")
    }

    @Test func `a session token is a signed part of the query`() throws {
        let put = try signer.presign(try Self.upload(key: "a", size: 0, []), credentials: Sample.session, at: Sample.now)
        #expect(put.url.hasSuffix("&X-Amz-Signature=e64e69d4e6ba5f97dd225c80bccd18b681347d4f09eaf87d853301c897b8f27c"))
        #expect(put.url.contains("&X-Amz-Security-Token=FwoGZXIvYXdzEXAMPLE%2F"))
    }

    @Test func `a default port is not signed as part of the host`() throws {
        let hosts = [
            ("https://s3.store.example:443", "s3.store.example"), ("http://s3.store.example:80", "s3.store.example"),
            ("https://s3.store.example:80", "s3.store.example:80"), ("http://127.0.0.1:9000", "127.0.0.1:9000"),
            ("https://S3.Store.example", "s3.store.example"), ("https://[::1]:443", "[::1]"),
        ]
        for (endpoint, host) in hosts {
            let store = try StoreEndpoint(bucket: "acme", region: "r", endpoint: endpoint)
            let upload = try PutUpload(store: store, key: "a", contentLength: 1, expiration: Sample.now + 60)
            let put = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now)
            #expect(Self.refusal(of: put, host: host, size: 1, region: "r") == nil, "\(endpoint)")
            #expect(Self.refusal(of: put, host: host + ".", size: 1, region: "r")?.code == "SignatureDoesNotMatch")
        }
    }

    @Test func `printing a presigned URL shows no signature`() throws {
        let put = try signer.presign(try Self.upload(), credentials: Sample.credentials, at: Sample.now)
        var text = "\(put) \(String(reflecting: put))"
        dump(put, to: &text)
        #expect(!text.contains("Signature="))
    }

    // MARK: What is refused

    @Test(arguments: [
        ("Content-Type", "image/png\n"), ("Content-Disposition", "inline; filename=\"a  b\""), ("Content-Type", "ü"),
        ("Cache-Control", "a  b"), ("Cache-Control", " a"),
        ("x-amz-meta-a", "a\u{85}"), ("x-amz-meta-a", "${x}"),
    ])
    func `a value that would not arrive as it was signed is refused`(name: String, value: String) throws {
        #expect(throws: PolicyError.self) { _ = try Self.upload([(name, value)]) }
    }

    @Test(arguments: [
        "Host", "content-length", "Authorization", "X-Amz-Date", "x-amz-content-sha256", "Transfer-Encoding", "a:b", "",
        "X-Amz-Signature",
    ])
    func `a name that the client or the signer sets is refused`(name: String) throws {
        #expect(throws: PolicyError.self) { _ = try Self.upload([(name, "x")]) }
    }

    @Test func `a field is added once, in any case`() throws {
        #expect(throws: PolicyError.fieldDuplicate("content-type")) {
            _ = try Self.upload([("Content-Type", "a/b"), ("content-type", "a/b")])
        }
    }

    @Test func `dates and credentials that cannot be used are refused`() throws {
        let upload = try Self.upload()
        #expect(throws: PolicyError.alreadyExpired) {
            _ = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now + 300)
        }
        #expect(throws: PolicyError.expirationTooFar) {
            _ = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now - 7 * 86_400)
        }
        #expect(throws: PolicyError.credentialsExpired) {
            var session = Sample.session
            session = SigningCredentials(
                accessKeyID: session.accessKeyID, secretAccessKey: session.secretAccessKey, sessionToken: "t",
                expiration: Sample.now)
            _ = try signer.presign(upload, credentials: session, at: Sample.now)
        }
        #expect(throws: PolicyError.sizesInvalid(-1 ... -1)) { _ = try Self.upload(size: -1) }
    }

    @Test func `header fields of more than 8 KB are refused`() throws {
        let upload = try Self.upload((0..<9).map { ("x-amz-meta-\($0)", String(repeating: "a", count: 1000)) })
        #expect(throws: PolicyError.self) { _ = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now) }
    }

    // MARK: As a store judges it

    /// What the evaluator answers to a request that sends what the ticket says, with changes.
    private static func refusal(
        of put: PresignedPut, method: String = "PUT", host: String? = nil, size: Int, region: String = Sample.region,
        at date: Date = Sample.now, credentials: SigningCredentials = Sample.credentials, allowsUnsigned: Bool = false,
        change: (inout [HeaderField], inout String) -> Void = { _, _ in }
    ) -> StoreError? {
        let rest = put.url.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)[2]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        var target = String(rest[slash...])
        var headers = put.headers
        headers.append(HeaderField(name: "Host", value: host ?? String(rest[..<slash])))
        headers.append(HeaderField(name: "Content-Length", value: "\(size)"))
        change(&headers, &target)
        return PolicyEvaluator(region: region).evaluate(
            put: ReceivedPut(method: method, target: target, headers: headers), allowsUnsigned: allowsUnsigned, at: date
        ) { $0 == credentials.accessKeyID ? credentials : nil }
    }

    @Test func `a request that differs in one thing is refused`() throws {
        let upload = try Self.upload([("Content-Type", "image/png"), ("x-amz-meta-album", "a"), ("x-amz-acl", "private")])
        let put = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now)
        func refusal(
            method: String = "PUT", size: Int = 48213, at date: Date = Sample.now, allowsUnsigned: Bool = false,
            _ change: (inout [HeaderField], inout String) -> Void = { _, _ in }
        ) -> String? {
            Self.refusal(of: put, method: method, size: size, at: date, allowsUnsigned: allowsUnsigned, change: change)?.code
        }
        #expect(refusal() == nil)
        #expect(refusal(at: Sample.now + 299) == nil)
        #expect(refusal { headers, _ in headers.reverse() } == nil)
        #expect(
            refusal { headers, _ in headers = headers.map { HeaderField(name: $0.name.uppercased(), value: $0.value) } } == nil)

        let mismatch = "SignatureDoesNotMatch"
        #expect(refusal(method: "POST") == mismatch)
        #expect(refusal(size: 48214) == mismatch)
        #expect(refusal(size: 48212) == mismatch)
        for place in put.headers.indices {
            #expect(refusal { headers, _ in headers.remove(at: place) } == mismatch)
            #expect(
                refusal { headers, _ in headers[place] = HeaderField(name: headers[place].name, value: "image/gif") } == mismatch)
            #expect(refusal { headers, _ in headers.append(headers[place]) } == mismatch)
        }
        #expect(refusal { _, target in target = target.replacing("x.png", with: "y.png") } == mismatch)
        #expect(refusal { _, target in target = target.replacing("Expires=300", with: "Expires=301") } == mismatch)
        #expect(refusal { _, target in target += "&versionId=1" } == mismatch)
        #expect(refusal { _, target in target = target.replacing("T000000Z", with: "T000001Z") } == "AccessDenied")
        #expect(refusal(at: Sample.now + 300) == "AccessDenied")
        #expect(refusal(at: Sample.now - 1) == "AccessDenied")
        #expect(refusal { headers, _ in headers.append(HeaderField(name: "x-amz-tagging", value: "a=b")) } == "AccessDenied")
        #expect(
            refusal(allowsUnsigned: true) { headers, _ in headers.append(HeaderField(name: "x-amz-tagging", value: "a=b")) }
                == nil)
        // SigV4 cannot forbid it.
        #expect(refusal { headers, _ in headers.append(HeaderField(name: "Content-Encoding", value: "gzip")) } == nil)
        #expect(refusal { _, target in target = String(target.prefix { $0 != "?" }) } == "AccessDenied")
        for name in ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"] {
            let code = refusal { _, target in target = target.replacing("X-Amz-\(name)=", with: "X-Amz-No=") }
            #expect(code == "AuthorizationQueryParametersError", "\(name)")
        }
        for seconds in ["0", "604801", "-1", "+300", "99999999999999999999"] {
            let code = refusal { _, target in target = target.replacing("Expires=300", with: "Expires=\(seconds)") }
            #expect(code == "AuthorizationQueryParametersError", "\(seconds)")
        }
        #expect(
            refusal { _, target in target = target.replacing("%3Bhost", with: "%3Bx") } == "AuthorizationQueryParametersError")
        #expect(
            refusal { _, target in target = target.replacing("us-west", with: "").replacing("eu-west-1", with: "eu-west-2") }
                == "InvalidArgument")
    }

    @Test func `a session needs its token`() throws {
        let put = try signer.presign(try Self.upload(), credentials: Sample.session, at: Sample.now)
        func refusal(_ change: (inout [HeaderField], inout String) -> Void = { _, _ in }) -> String? {
            Self.refusal(of: put, size: 48213, credentials: Sample.session, change: change)?.code
        }
        #expect(refusal() == nil)
        #expect(refusal { _, target in target = target.replacing("wEaDTOKEN", with: "wEaDTOKEM") } == "InvalidToken")
        #expect(
            refusal { _, target in target = target.replacing("X-Amz-Security-Token", with: "X-Amz-Other") }
                == "InvalidAccessKeyId")
    }

    @Test func `random uploads are accepted, and not with one byte of the target changed`() throws {
        var random = SplitMix64(seed: 12)
        for _ in 0..<500 {
            let policy = try Sample.randomPolicy(&random)
            var upload = try PutUpload(
                store: try Self.store(), key: policy.key, contentLength: policy.contentLength.lowerBound,
                expiration: policy.expiration)
            for field in policy.fields where field.name.hasPrefix("x-amz-meta-") { try upload.add(field.name, field.value) }
            let put = try signer.presign(upload, credentials: Sample.credentials, at: Sample.now)
            let size = upload.contentLength
            #expect(Self.refusal(of: put, size: size) == nil)
            let refusal = Self.refusal(of: put, size: size) { _, target in
                var bytes = Array(target.utf8)
                let place = Int.random(in: 1..<bytes.count, using: &random)
                bytes[place] = bytes[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
                target = String(decoding: bytes, as: UTF8.self)
            }
            #expect(refusal != nil)
        }
    }
}
