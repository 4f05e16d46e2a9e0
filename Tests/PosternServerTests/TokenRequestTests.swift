// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1
import PosternTestSupport
import Testing
import UserAuth
import WireFormats

@testable import PosternServer

/// Requests of users with a token, where other tests use API keys.
@Suite(.timeLimit(.minutes(5)))
struct TokenRequestTests {
    private let service: TestService
    private let signer: TokenSigner

    init() async throws {
        let folder = try TemporaryFolder()
        let signer = try #require(TokenSigner.generate(.es256))
        let path = try folder.write(try #require(signer.publicPEM), to: "key.pem")
        self.signer = signer
        service = try await TestService(
            issuers: ["{issuer: https://id.example, audience: uploads, algorithms: [ES256], keys: {pemFile: \(path)}}"],
            rules: """
                  avatars: {keyPrefix: "avatars/{user}/", contentTypes: [image/png], maxSize: 5MiB}
                  documents: {keyPrefix: documents/, contentTypes: [application/pdf], maxSize: 1MiB}
                  videos: {keyPrefix: videos/, contentTypes: [video/mp4], maxSize: 5MiB, requireScope: video}
                """)
    }

    private func token(user: String = "u1", scope: String? = nil) throws -> String {
        let payload = JSONWriter.object { json in
            json.member("iss", "https://id.example")
            json.member("aud", "uploads")
            json.member("sub", user)
            json.member("iat", 1_800_000_000)
            json.member("exp", 1_800_000_600)
            if let scope { json.member("scope", scope) }
        }
        return try #require(signer.token(payload: payload, keyID: nil))
    }

    private func ask(
        _ body: String, to target: String = "/v1/tickets", token: String, _ headers: HTTPHeaders = [:]
    ) throws -> (status: Int, json: JSONValue) {
        let response = service.ask(
            body.isEmpty ? .GET : .POST, target, body: body, key: token, headers: headers, at: .january2027)
        return (response.status, try JSONValue(parsing: response.bytes))
    }

    @Test func `the key is in the folder of the token's user`() throws {
        for (user, folder) in [("u1", "u1"), ("a/b", "a~2Fb"), ("..", "~2E~2E")] {
            let (status, json) = try ask(#"{"rule": "avatars", "contentType": "image/png"}"#, token: token(user: user))
            #expect(status == 201)
            #expect(json["key"]?.string?.hasPrefix("avatars/\(folder)/") == true)
        }
    }

    @Test(arguments: ["u1", "u2", ""])
    func `a request with a token may not name a user, not even its own`(user: String) throws {
        let (status, json) = try ask(
            "{\"rule\": \"avatars\", \"contentType\": \"image/png\", \"user\": \"\(user)\"}", token: token())
        #expect(status == 403 && json["code"]?.string == "user-not-allowed")
    }

    @Test func `a rule with a scope needs a token with it, and is not listed without it`() throws {
        let request = #"{"rule": "videos", "contentType": "video/mp4"}"#
        let (status, json) = try ask(request, token: token(scope: "videos vide"))
        #expect(status == 403 && json["code"]?.string == "scope-missing" && json["scope"]?.string == "video")
        #expect(try ask(request, token: token(scope: "a video")).status == 201)
        let unknown = try ask(#"{"rule": "none", "contentType": "video/mp4"}"#, token: token())
        #expect(unknown.json["allowed"] == .array([.string("avatars"), .string("documents")]))
        for (scope, names) in [
            (nil, ["avatars", "documents"]), ("videos", ["avatars", "documents"]), ("video", ["avatars", "documents", "videos"]),
        ] {
            let rules = try ask("", to: "/v1/rules", token: token(scope: scope)).json["rules"]
            #expect(rules?.elements?.compactMap { $0["name"]?.string } == names)
        }
    }

    @Test func `a page of an origin that the tenant does not list gets no ticket`() throws {
        let request = #"{"rule": "avatars", "contentType": "image/png"}"#
        #expect(try ask(request, token: token(), ["Origin": "https://app.acme.example"]).status == 201)
        let (status, json) = try ask(request, token: token(), ["Origin": "https://evil.example"])
        #expect(status == 403 && json["code"]?.string == "origin-not-allowed")
    }

    @Test func `a log line has the issuer and not the token`() async throws {
        let token = try token()
        _ = try ask(#"{"rule": "videos", "contentType": "video/mp4"}"#, token: token)
        let log = try await service.logText()
        #expect(log.contains(#""issuer":"https://id.example""#) && log.contains(#""code":"scope-missing""#))
        #expect(!log.contains(token.suffix(20)))
    }
}
