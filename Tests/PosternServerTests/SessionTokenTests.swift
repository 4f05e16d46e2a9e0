// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import HTTPServer
import NIOHTTP1
import PostPolicy
import Testing

@testable import PosternServer

struct SessionTokenTests {
    private let request = #"{"rule": "avatars", "contentType": "image/png", "user": "u1"}"#

    @Test(arguments: [700, 4096, 7000])
    func `a form with a session token is signed while it is under 20 KB`(length: Int) async throws {
        let service = try await TestService(sessionToken: String(repeating: "t", count: length))
        let answer = service.ask(.POST, "/v1/tickets", body: request, key: service.key)
        #expect(answer.status == 201)
    }

    @Test func `a session token that is too long alone is the service's error, not the client's`() async throws {
        let service = try await TestService(sessionToken: String(repeating: "t", count: 12_000))
        let answer = service.ask(.POST, "/v1/tickets", body: request, key: service.key)
        #expect(answer.status == 503)
        #expect(String(decoding: answer.bytes, as: UTF8.self).contains(#""code":"credentials-unavailable""#))
        // An outage uses nothing up: the rule allows three an hour.
        let documents = #"{"rule": "documents", "contentType": "application/pdf"}"#
        for _ in 0..<5 {
            #expect(service.ask(.POST, "/v1/tickets", body: documents, key: service.key).status == 503)
        }
        let log = try await service.logText()
        #expect(log.contains("the session token is 12000 bytes long"))
        #expect(!log.contains("tttt"))
    }

    @Test func `credentials are refused exactly if no signature version can sign the smallest form`() throws {
        func canSign(_ length: Int) -> Bool {
            let token = String(repeating: "t", count: length)
            let credentials = SigningCredentials(accessKeyID: "A", secretAccessKey: "s", sessionToken: token)
            return (try? credentials.checkSessionToken()) != nil
        }
        // The first length that is refused, by bisection.
        var (fits, fails) = (1000, 12_000)
        while fails - fits > 1 {
            let middle = (fits + fails) / 2
            if canSign(middle) { fits = middle } else { fails = middle }
        }
        #expect((8000...8200).contains(fails))
        let long = SigningCredentials(
            accessKeyID: "A", secretAccessKey: "s", sessionToken: String(repeating: "t", count: fails))
        #expect(throws: CredentialError.self) { try long.checkSessionToken() }
        try SigningCredentials(accessKeyID: "A", secretAccessKey: "s").checkSessionToken()
        // Other faults of the credentials are found when they sign.
        try SigningCredentials(accessKeyID: "", secretAccessKey: "s", sessionToken: "t").checkSessionToken()
    }

    @Test func `a form that is too large because of the request is the client's error`() async throws {
        let rules = """
                  avatars:
                    keyPrefix: avatars/{user}/
                    contentTypes: [image/png]
                    maxSize: 5MiB
                    contentDisposition: attachment
                    metadata: {allowed: [a]}
                  documents: {keyPrefix: documents/, contentTypes: [application/pdf], maxSize: 1MiB}
            """
        let service = try await TestService(rules: rules, sessionToken: String(repeating: "t", count: 4096))
        func status(_ length: Int, user: String) -> (Int, String) {
            let (name, metadata) = (String(repeating: "é", count: length / 20), String(repeating: "x", count: length))
            let body = """
                {"rule": "avatars", "contentType": "image/png", "user": "\(user)", "filename": "\(name)", \
                "metadata": {"a": "\(metadata)"}}
                """
            let answer = service.ask(.POST, "/v1/tickets", body: body, key: service.key)
            return (answer.status, String(decoding: answer.bytes, as: UTF8.self))
        }
        #expect(status(100, user: "u1").0 == 201)
        let (code, body) = status(2000, user: String(repeating: "/", count: 256))
        #expect(code == 400 && body.contains(#""code":"invalid-request""#))
        #expect(
            body.contains(
                "The form would be larger than the 20 KB that S3 reads; send less metadata or a shorter file name."))
    }
}
