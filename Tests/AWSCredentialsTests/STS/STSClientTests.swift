// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutgoingHTTP
import PostPolicy
import Testing

@testable import AWSCredentials

struct STSClientTests {
    static let role = "arn:aws:iam::123456789012:role/uploads"
    static let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    static func client(_ services: FakeServices, _ variables: [String: String] = ["AWS_REGION": "eu-west-1"]) throws -> STSClient
    {
        let context = services.context(variables)
        return try STSClient(context, fallbackRegion: nil, in: context.search)
    }

    private static func credentials(token: String?) -> SigningCredentials {
        SigningCredentials(accessKeyID: "AKIDEXAMPLE000000001", secretAccessKey: secret, sessionToken: token)
    }

    /// The signatures are botocore 1.44.5's (`SigV4Auth`) for the same body, headers, date and credentials.
    @Test(arguments: [
        (
            "FwoGZXIvYXdzEXAMPLE//token==" as String?, "content-type;host;x-amz-date;x-amz-security-token",
            "81ddb20f816d66e41052eda6c3a4e0c800475f8a1f85a7e0296c096e0d1af223"
        ),
        (nil, "content-type;host;x-amz-date", "7291faa7b1fa8c7bb0a97064353bf573311365abb740c91ff9908cdbb93da191"),
    ])
    func `AssumeRole is signed as botocore signs it`(token: String?, signed: String, signature: String) async throws {
        let services = FakeServices { _ in OutgoingResponse(200, STSAnswers.credentials()) }
        let request = AssumedRole(
            roleARN: Self.role, externalID: "acme:42", durationSeconds: 3600, sessionPolicy: #"{"Version": "2012-10-17"}"#)
        let credentials = try await Self.client(services).assumeRole(request, signedBy: Self.credentials(token: token))
        #expect(credentials.accessKeyID == "ASIAEXAMPLE000000003")
        #expect(credentials.secretAccessKey == "CANARY-secret/+=")
        #expect(credentials.sessionToken == "CANARY-token//==")
        #expect(credentials.expiration == FakeServices.start + 3600)

        let sent = try #require(services.requests.first)
        #expect(sent.method == .post)
        #expect(sent.url == "https://sts.eu-west-1.amazonaws.com/")
        #expect(
            String(decoding: sent.body, as: UTF8.self)
                == "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fuploads"
                + "&RoleSessionName=postern-1767225900&ExternalId=acme%3A42&DurationSeconds=3600"
                + "&Policy=%7B%22Version%22%3A%20%222012-10-17%22%7D")
        #expect(sent.header("host") == "sts.eu-west-1.amazonaws.com")
        #expect(sent.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8")
        #expect(sent.header("x-amz-date") == "20260101T000500Z")
        #expect(sent.header("x-amz-security-token") == token)
        #expect(
            sent.header("authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE000000001/20260101/eu-west-1/sts/aws4_request, "
                + "SignedHeaders=\(signed), Signature=\(signature)")
        #expect(sent.timeout == .seconds(3))
        #expect(sent.limit == 65_536)
    }

    /// botocore's signature again, for another port, path and region.
    @Test func `GetCallerIdentity returns the identity, also from another store's STS`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, STSAnswers.identity) }
        let variables = ["AWS_REGION": "default", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:8000/sts"]
        let identity = try await Self.client(services, variables).callerIdentity(signedBy: Self.credentials(token: nil))
        #expect(
            identity
                == CallerIdentity(account: "123456789012", arn: "arn:aws:iam::123456789012:user/Alice", userID: "AIDAEXAMPLE"))
        let sent = try #require(services.requests.first)
        #expect(sent.url == "http://127.0.0.1:8000/sts")
        #expect(sent.header("host") == "127.0.0.1:8000")
        #expect(
            sent.header("authorization")?.hasSuffix("Signature=2f571eeba282032cbec83a8a33ea0c5dffd7fee1bba19b07d3b1ee52e46c733f")
                == true)
    }

    @Test func `AssumeRoleWithWebIdentity has no signature`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, STSAnswers.credentials("AssumeRoleWithWebIdentity")) }
        let request = AssumedRole(roleARN: Self.role, sessionName: "pod-1")
        let credentials = try await Self.client(services).assumeRoleWithWebIdentity(request, token: "a.b+c/=.d")
        #expect(credentials.expiration == FakeServices.start + 3600)
        let sent = try #require(services.requests.first)
        #expect(sent.header("authorization") == nil)
        #expect(
            sent.form == [
                "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": Self.role, "RoleSessionName": "pod-1",
                "WebIdentityToken": "a.b+c/=.d",
            ])
    }

    @Test func `an answer without a namespace, as Ceph writes it, is read`() async throws {
        let body = STSAnswers.credentials(expiration: "2026-01-01T01:05:00.123456Z")
            .replacingOccurrences(of: #" xmlns="https://sts.amazonaws.com/doc/2011-06-15/""#, with: "")
        let services = FakeServices { _ in OutgoingResponse(200, #"<?xml version="1.0" encoding="UTF-8"?>"# + body) }
        let request = AssumedRole(roleARN: Self.role)
        #expect(try await Self.client(services).assumeRole(request, signedBy: Self.credentials(token: nil)).sessionToken != nil)
    }

    @Test(arguments: [
        ("AccessDenied", 403, "trust policy"), ("InvalidClientTokenId", 403, "does not know the access key"),
        ("SignatureDoesNotMatch", 403, "clock"), ("ExpiredToken", 403, "session token"),
        ("RegionDisabledException", 403, "AWS_REGION"),
        ("PackedPolicyTooLarge", 400, "too long"), ("ValidationError", 400, "duration"), ("Throttling", 400, "later"),
        ("SomethingNew", 400, "(SomethingNew)"),
    ])
    func `the error of a refusal has its code and advice`(code: String, status: Int, advice: String) async {
        let services = FakeServices { _ in OutgoingResponse(status, STSAnswers.refusal(code)) }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(code == "Throttling" ? found?.isUnavailable == true : found?.isRefusal == true)
        #expect(found?.description.contains("(\(code))") == true)
        #expect(found?.description.contains(advice) == true)
        #expect(found?.description.contains("CANARY") == false)
    }

    @Test func `a refusal in S3's format is read`() async {
        let services = FakeServices { _ in
            OutgoingResponse(403, "<Error><Code>AccessDenied</Code><RequestId>1</RequestId></Error>")
        }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(found?.description.contains("(AccessDenied)") == true)
    }

    private static let strange: [(status: Int, body: String)] = [
        (500, "CANARY"), (502, "<html><body>CANARY</body></html>"), (400, STSAnswers.refusal("CANARY code")),
        (400, STSAnswers.refusal(String(repeating: "CANARY", count: 20))), (400, STSAnswers.refusal("CANARY&#10;x")), (302, ""),
        (200, ""), (200, "CANARY"), (200, "<AssumeRoleResponse>CANARY"), (200, "<AssumeRoleResponse/>"),
        (200, STSAnswers.identity),
        (200, STSAnswers.credentials("AssumeRoleWithWebIdentity")), (200, STSAnswers.credentials(expiration: "CANARY")),
        (200, STSAnswers.credentials(key: "")), (200, STSAnswers.credentials(key: "CANARY key")),
        (200, STSAnswers.credentials() + STSAnswers.credentials()), (200, STSAnswers.credentials() + "CANARY"),
        (200, String(STSAnswers.credentials().dropLast(30))),
        (200, STSAnswers.credentials().replacingOccurrences(of: "</Expiration>", with: "")),
        (200, String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)),
    ]

    @Test(arguments: strange)
    func `other answers are refused and not shown`(status: Int, body: String) async {
        let services = FakeServices { _ in OutgoingResponse(status, body) }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(found?.isUnavailable == true)
        #expect(found?.description.contains(canary) == false)
        #expect(found?.description.contains("root:") == false)
    }

    /// The entity stands where Postern reads nothing: but for the document type, the answers are good ones.
    @Test(arguments: [
        "<!DOCTYPE a>", "<!DOCTYPE AssumeRoleResponse>", "<!DOCTYPE a []>", #"<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd">"#,
        #"<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a>"#, "<!-- x -->\n<!DOCTYPE\ta>\n",
        #"<!DOCTYPE a [<!ENTITY x "CANARY">]>"#, #"<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>"#,
        #"<!DOCTYPE a [<!ENTITY % y "<!ENTITY x 'CANARY'>">%y;]>"#,
    ])
    func `credentials in an answer with a document type are refused, with and without entities`(documentType: String) async throws
    {
        let answer = STSAnswers.credentials()
        for body in [answer, answer.replacingOccurrences(of: "<RequestId>", with: "<RequestId>&x;")]
        where body == answer || documentType.contains("ENTITY") {
            let services = FakeServices { _ in OutgoingResponse(200, documentType + body) }
            let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
            #expect(found?.description.hasSuffix("to AssumeRole is not valid XML of STS") == true)
            #expect(found?.isUnavailable == true)
        }
        let before = String(documentType.prefix { $0 != "D" }.dropLast(2))
        let services = FakeServices { _ in OutgoingResponse(200, before + answer) }
        #expect(try await Self.assume(services).accessKeyID == "ASIAEXAMPLE000000003")
    }

    @Test func `an identity or a refusal in an answer with a document type is refused`() async throws {
        let services = FakeServices { _ in OutgoingResponse(200, "<!DOCTYPE a>" + STSAnswers.identity) }
        let found = await problem { () async throws(CredentialError) in
            let context = services.context(["AWS_REGION": "eu-west-1"])
            let client = try STSClient(context, fallbackRegion: nil, in: context.search)
            return try await client.callerIdentity(signedBy: Self.credentials(token: nil))
        }
        #expect(found?.isUnavailable == true)
        services.answer { _ in OutgoingResponse(403, "<!DOCTYPE a>" + STSAnswers.refusal("AccessDenied")) }
        let refused = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(refused?.description.contains("AccessDenied") == false)
    }

    @Test(arguments: ["AKIAEXAMPLE000000001", "ASIAEXAMPLE000000001"])
    func `an answer in which id and secret are exchanged is refused`(id: String) async {
        let services = FakeServices { _ in OutgoingResponse(200, STSAnswers.credentials(key: "CANARYsecret", secret: id)) }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(found?.isExchangedPair == true)
    }

    @Test func `an answer in UTF-16 cannot hide a document type`() async {
        let text = #"<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY x "y">]>"# + STSAnswers.credentials()
        let bytes = Array(text.data(using: .utf16) ?? Data())
        let services = FakeServices { _ in OutgoingResponse(status: 200, body: bytes) }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(services) }
        #expect(found?.isUnavailable == true)
    }

    @Test func `a failed connection is an outage, and a broken file of authorities a configuration error`() async {
        let slow = FakeServices { _ throws(OutgoingError) in throw .timedOut(seconds: 3) }
        let found = await problem { () async throws(CredentialError) in try await Self.assume(slow) }
        #expect(
            found
                == .unavailable(
                    "STS at sts.eu-west-1.amazonaws.com did not respond to AssumeRole: no complete response within 3 s"))
        let broken = FakeServices { request throws(OutgoingError) in throw .authorities(path: request.authorities ?? "") }
        let refused = await problem { () async throws(CredentialError) in
            try await Self.assume(broken, ["AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/ca.pem"])
        }
        #expect(refused?.isConfiguration == true)
        #expect(refused?.description.contains("/ca.pem") == true)
    }

    private static func assume(
        _ services: FakeServices, _ variables: [String: String] = ["AWS_REGION": "eu-west-1"]
    ) async throws(CredentialError) -> SigningCredentials {
        let context = services.context(variables)
        let client = try STSClient(context, fallbackRegion: nil, in: context.search)
        return try await client.assumeRole(
            AssumedRole(roleARN: role), signedBy: credentials(token: nil))
    }

    @Test(arguments: [
        AssumedRole(roleARN: "uploads"), AssumedRole(roleARN: "arn:aws:iam::1:role/a b\n"),
        AssumedRole(roleARN: role, externalID: "a"), AssumedRole(roleARN: role, externalID: "a b"),
        AssumedRole(roleARN: role, sessionName: "x"), AssumedRole(roleARN: role, sessionName: "a/b"),
        AssumedRole(roleARN: role, sessionName: String(repeating: "x", count: 65)),
        AssumedRole(roleARN: role, durationSeconds: 899), AssumedRole(roleARN: role, durationSeconds: 43_201),
    ])
    func `a request that STS would refuse is not sent`(request: AssumedRole) async {
        let found = await problem { () throws(CredentialError) in
            try STSRequest(action: "AssumeRole", assuming: request, at: FakeServices.start)
        }
        #expect(found?.isConfiguration == true)
    }

    @Test func `all characters but the unreserved ones are percent-encoded, spaces too`() {
        var form = STSRequest(action: "A")
        form.add("P", "aZ09-._~ +&=/%\u{e9}\n*")
        form.add("Q", nil)
        #expect(
            String(decoding: form.body, as: UTF8.self) == "Action=A&Version=2011-06-15&P=aZ09-._~%20%2B%26%3D%2F%25%C3%A9%0A%2A")
    }
}
