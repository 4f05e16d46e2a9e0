// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1
import Testing

@testable import PosternServer

@Suite("A form with a session token")
struct SessionTokenTests {
    private let request = #"{"rule": "avatars", "contentType": "image/png", "user": "u1"}"#

    @Test("Is signed while it stays under the store's 20 KB", arguments: [700, 4096, 7000])
    func fits(length: Int) async throws {
        let service = try await TestService(sessionToken: String(repeating: "t", count: length))
        let answer = service.ask(.POST, "/v1/tickets", body: request, key: service.key)
        #expect(answer.status == 201)
    }

    @Test("Is a fault of the service, not of the client, where the token alone is too long")
    func tooLong() async throws {
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
}
