// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RetryTests {
    @Test(arguments: [
        FakeTransport.Answer.failure(.network("reset")), .failure(.timedOut), .success(.problem(500, "internal-error")),
        .success(.problem(503, "credentials-unavailable")), .success(.problem(408, "request-timeout")),
        .success(TransportResponse(status: 502, headers: [], body: Array("<html>".utf8))),
    ])
    func `what passes is tried again, with waits that double`(failure: FakeTransport.Answer) async throws {
        let test = try TestClient(FakeTransport(service: { _, number in number < 3 ? failure : .success(.ticket()) }))
        _ = try await test.client.upload(file: try test.file()).result
        #expect(test.timing.waits == [.milliseconds(250), .milliseconds(500), .seconds(1)])
        #expect(test.transport.askedStore.count == 1)
    }

    @Test(arguments: [
        FakeTransport.Answer.success(.problem(422, "content-type-not-allowed")), .success(.problem(403, "scope-missing")),
        .success(.problem(404, "rule-unknown")), .success(.problem(400, "invalid-request")),
        .success(.problem(501, "not-implemented")),
        .success(TransportResponse(status: 404, headers: [], body: Array("<html>".utf8))), .failure(.refused("bad certificate")),
        .success(TransportResponse(status: 302, headers: [("Location", "https://elsewhere.example/")], body: [])),
        .success(TransportResponse(status: 200, headers: [], body: Array("{}".utf8))), .failure(.tooLarge),
    ])
    func `what does not pass is asked once`(failure: FakeTransport.Answer) async throws {
        let test = try TestClient(FakeTransport(service: { _, _ in failure }))
        let error = try await test.failure()
        #expect(!error.isRetryable)
        #expect(test.transport.askedService.count == 1 && test.timing.waits.isEmpty)
    }

    @Test func `an error of Postern has its code, sentence, status and request`() async throws {
        let test = try TestClient(FakeTransport(service: { _, _ in .success(.problem(422, "size-too-large")) }))
        let error = try await test.failure()
        #expect(error.code == .sizeTooLarge && error.message == "What to do." && error.status == 422 && error.requestID == "r1")
        #expect("\(error)" == "What to do. (size-too-large)" && error.localizedDescription == "What to do.")
    }

    @Test func `it gives up after as many attempts as the configuration says`() async throws {
        let test = try TestClient(FakeTransport(store: { _, _ in .failure(.network("connection refused")) }), attempts: 3)
        let error = try await test.failure()
        #expect(error.code == .network && error.isRetryable)
        #expect(error.message == "The store at https://store.example cannot be reached: connection refused.")
        #expect(test.transport.askedStore.count == 3)
        #expect(test.timing.waits.count == 2)
    }

    @Test func `a server's wait is granted up to the bound, and a longer one fails at once`() async throws {
        let patient = try TestClient(
            FakeTransport(service: { _, number in
                number == 0 ? .success(.problem(429, "rate-limited", more: #","retryAfter":42"#)) : .success(.ticket())
            }))
        _ = try await patient.client.upload(file: try patient.file()).result
        #expect(patient.timing.waits == [.seconds(42)])

        let header = try TestClient(
            FakeTransport(store: { _, number in
                number == 0
                    ? .success(TransportResponse(status: 503, headers: [("retry-after", "7")], body: [])) : .success(.stored)
            }))
        _ = try await header.client.upload(file: try header.file()).result
        #expect(header.timing.waits == [.seconds(7)])

        let long = try TestClient(
            FakeTransport(service: { _, _ in .success(.problem(429, "rate-limited", more: #","retryAfter":61"#)) }))
        let error = try await long.failure()
        #expect(error.code.rawValue == "rate-limited" && error.retryAfter == .seconds(61) && error.isRetryable)
        #expect(long.timing.waits.isEmpty && long.transport.askedService.count == 1)
    }

    @Test(arguments: ["-1", "Fri, 31 Dec 1999 23:59:59 GMT", "99999999999999999999", "1e3", ""])
    func `a wait that is not in seconds is as if there were none`(value: String) async throws {
        let test = try TestClient(
            FakeTransport(store: { _, number in
                number == 0
                    ? .success(TransportResponse(status: 503, headers: [("Retry-After", value)], body: [])) : .success(.stored)
            }))
        _ = try await test.client.upload(file: try test.file()).result
        #expect(test.timing.waits == [.milliseconds(250)])
    }

    @Test func `a ticket is used again while it is valid, and then replaced`() async throws {
        let timing = FakeTiming()
        let transport = FakeTransport(
            service: { _, number in .success(.ticket(expiresIn: 60, id: "t\(number)")) },
            store: { _, number in
                if number == 2 { return .success(.stored) }
                // After the second attempt the ticket is at its end.
                timing.advance(by: number == 0 ? .seconds(30) : .seconds(28))
                return .failure(.network("reset"))
            })
        let test = try TestClient(transport, timing: timing)
        #expect(try await test.client.upload(file: try test.file()).result.ticketID == "t1")
        #expect(transport.askedService.count == 2)
        #expect(transport.askedStore.count == 3)
    }

    @Test func `a ticket that the store calls expired is replaced at once`() async throws {
        let transport = FakeTransport(
            service: { _, number in .success(.ticket(id: "t\(number)")) },
            store: { _, number in
                number == 0
                    ? .success(.storeError(403, "AccessDenied", "Invalid according to Policy: Policy expired."))
                    : .success(.stored)
            })
        let test = try TestClient(transport)
        #expect(try await test.client.upload(file: try test.file()).result.ticketID == "t1")
        #expect(test.timing.waits == [.zero])
    }

    @Test func `a store that calls every ticket expired is asked as often as the configuration says`() async throws {
        let test = try TestClient(
            FakeTransport(store: { _, _ in
                .success(.storeError(403, "AccessDenied", "Invalid according to Policy: Policy expired."))
            }),
            attempts: 3)
        let error = try await test.failure()
        #expect(error.status == 403 && error.detail == "AccessDenied: Invalid according to Policy: Policy expired.")
        #expect(test.transport.askedService.count == 3 && test.transport.askedStore.count == 3)
        #expect(test.timing.waits == [.zero, .milliseconds(500)])
    }

    @Test func `an upload in which nothing moves times out`() async throws {
        let transport = FakeTransport(store: { _, _ in
            try? await Task.sleep(for: .seconds(86_400))
            return .failure(.network("cancelled"))
        })
        let test = try TestClient(transport, timing: FakeTiming(stalls: true), attempts: 1)
        let error = try await test.failure()
        #expect(error.code == .timeout && error.isRetryable)
        #expect(error.message == "The store at https://store.example did not answer in time.")
    }
}
