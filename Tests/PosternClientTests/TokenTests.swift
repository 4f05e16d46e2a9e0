// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct TokenTests {
    /// Accepts one token.
    private func transport(accepting token: String, code: String = "token-expired") -> FakeTransport {
        FakeTransport(service: { asked, _ in
            .success(asked.header["authorization"] == "Bearer \(token)" ? .ticket() : .problem(401, code))
        })
    }

    @Test func `a refused token is renewed once for all uploads that run`() async throws {
        let renewals = Mutex(0)
        let (waiting, all) = AsyncStream<Void>.makeStream()
        let count = 10
        let refused = Mutex(0)
        let transport = FakeTransport(service: { asked, _ in
            if asked.header["authorization"] == "Bearer new" { return .success(.ticket()) }
            let number = refused.withLock { number in
                number += 1
                return number
            }
            if number == count { all.finish() }
            // Nobody renews before all have been refused.
            for await _ in waiting {}
            return .success(.problem(401, "token-expired"))
        })
        let test = try TestClient(
            transport,
            token: { refresh in
                guard refresh else { return "old" }
                renewals.withLock { $0 += 1 }
                return "new"
            })
        let file = try test.file()
        let uploads = (0..<count).map { _ in test.client.upload(file: file) }
        // Each of the uploads waits for the others only through this one stream.
        for upload in uploads { _ = try await upload.result }
        #expect(renewals.withLock { $0 } == 1)
        #expect(transport.askedStore.count == count)
    }

    @Test func `a token that stays the same is not tried again`() async throws {
        let calls = Mutex<[Bool]>([])
        let test = try TestClient(
            transport(accepting: "other", code: "unauthenticated"),
            token: { refresh in
                calls.withLock { $0.append(refresh) }
                return "old"
            })
        let error = try await test.failure()
        #expect(error.code.rawValue == "unauthenticated" && error.status == 401 && !error.isRetryable)
        #expect(test.transport.askedService.count == 1)
        #expect(calls.withLock { $0 } == [false, true])
    }

    @Test func `a new token that is refused too ends the upload`() async throws {
        let test = try TestClient(transport(accepting: "other"), token: { $0 ? "new" : "old" })
        #expect(try await test.failure().code.rawValue == "token-expired")
        #expect(test.transport.askedService.map { $0.header["authorization"] } == ["Bearer old", "Bearer new"])
    }

    @Test func `the app's error is told`() async throws {
        struct Locked: LocalizedError {
            var errorDescription: String? { "the keychain is locked" }
        }
        let test = try TestClient(token: { _ in throw Locked() })
        let error = try await test.failure()
        #expect(error.code == .tokenUnavailable && error.message.contains("the keychain is locked"))
        #expect(test.transport.askedService.isEmpty)
    }

    @Test(arguments: ["", "a b", "a\r\nX: y", "é"])
    func `what is not a token is not sent`(token: String) async throws {
        let test = try TestClient(token: { _ in token })
        #expect(try await test.failure().code == .tokenUnavailable)
        #expect(test.transport.askedService.isEmpty)
    }

    @Test func `the rules are asked with a renewed token, too`() async throws {
        let transport = FakeTransport(service: { asked, _ in
            asked.header["authorization"] == "Bearer new"
                ? .success(TransportResponse(status: 200, headers: [], body: Array(#"{"rules":[]}"#.utf8)))
                : .success(.problem(401, "token-expired"))
        })
        let test = try TestClient(transport, token: { $0 ? "new" : "old" })
        #expect(try await test.client.rules().isEmpty)
    }
}
