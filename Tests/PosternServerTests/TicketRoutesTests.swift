// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import PosternTestSupport
import Testing
import WireFormats

@testable import HTTPServer
@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct TicketRoutesTests {
    private static let document = #"{"rule": "documents", "contentType": "application/pdf"}"#

    private func results(_ service: TestService, _ entries: [String]) throws -> [JSONObject] {
        let body = #"{"tickets": [\#(entries.joined(separator: ","))]}"#
        let response = service.ask(.POST, "/v1/tickets/batch", body: body, key: service.key, at: .january2027)
        #expect(response.status == 200)
        guard case .array(let results) = try response.object()["results"] else { throw TestService.JSONTypeError() }
        return try results.map { result in
            guard case .object(let object) = result else { throw TestService.JSONTypeError() }
            return object
        }
    }

    private func status(_ result: JSONObject) -> Int? {
        guard case .number(let number) = result["status"] else { return nil }
        return number.integer
    }

    private func object(_ result: JSONObject?, _ member: String) -> JSONObject? {
        guard case .object(let object) = result?[member] else { return nil }
        return object
    }

    @Test func `the entries of a batch count against the limit one by one`() async throws {
        let service = try await TestService()
        let results = try results(service, Array(repeating: Self.document, count: 5))
        #expect(results.map(status) == [201, 201, 201, 429, 429])
        let ids = results.prefix(3).compactMap { object($0, "ticket")?["id"] }
        #expect(ids.count == 3 && ids[0] != ids[1] && ids[1] != ids[2])
        #expect(object(results.last, "problem")?["code"] == .string("rate-limited"))
        #expect(service.state.current.tenants.first?.decisions.map(\.tickets) == [3])
        #expect(service.state.current.tenants.first?.decisions.map(\.refusals) == [[.rateLimited: 2]])
        #expect(service.metrics.snapshot().decisions == DecisionSum(tickets: 3, refusals: [.rateLimited: 2]))
    }

    @Test func `each entry is logged and its problem counted, all with the request's id`() async throws {
        let service = try await TestService()
        let html = #"{"rule": "avatars", "contentType": "text/html", "user": "u1"}"#
        let results = try results(service, [Self.document, html, html, "null"])
        #expect(results.map(status) == [201, 422, 422, 400])
        let problems = service.metrics.snapshot().problems
        #expect(problems == [.contentTypeNotAllowed: 2, .invalidRequest: 1])
        let lines = try await service.logLines()
        #expect(
            lines.map { $0["message"] }
                == [.string("ticket issued")] + Array(repeating: .string("ticket refused"), count: 3))
        #expect(lines.allSatisfy { $0["requestId"] == lines[0]["requestId"] })
        #expect(object(results[1], "problem")?["requestId"] == lines[0]["requestId"])
        let counted = service.metrics.snapshot().requests.compactMap { label, requests in
            requests.statuses.isEmpty ? nil : "\(label.text) \(requests.statuses)"
        }
        #expect(counted == ["/v1/tickets/batch [200: 1]"])
    }

    @Test(arguments: [
        (#"[]"#, "The body must be"), (#"{"tickets": {}}"#, "'tickets' must be an array"), (#"{}"#, "The body must be"),
        (#"{"tickets": [1], "more": 1}"#, "Unknown member \"more\""),
    ])
    func `a batch of another shape is refused as a whole`(_ body: String, _ detail: String) async throws {
        let service = try await TestService()
        let response = service.ask(.POST, "/v1/tickets/batch", body: body, key: service.key)
        #expect(response.status == 400)
        guard case .string(let text) = try response.object()["detail"] else { throw TestService.JSONTypeError() }
        #expect(text.contains(detail))
        #expect(service.state.current.tenants.first?.decisions == [.init(rule: "", refusals: [.invalidRequest: 1])])
    }

    // MARK: Refusals by the head alone

    @Test func `a client that waits for 100 Continue is refused by its head where that is enough`() async throws {
        let service = try await TestService()
        let json: HTTPHeaders = ["Content-Type": "application/json", "Authorization": "Bearer \(service.key)"]
        #expect(service.refusalWithoutBody(.POST, "/v1/tickets", headers: json) == nil)
        // Answered with its body, as any other request.
        #expect(service.refusalWithoutBody(.GET, "/healthz") == nil)
        var text = json
        text.replaceOrAdd(name: "Content-Type", value: "text/plain")
        var stranger = json
        stranger.replaceOrAdd(name: "Authorization", value: "Bearer x")
        #expect(service.refusalWithoutBody(.POST, "/v1/tickets", headers: text)?.status == 415)
        #expect(service.refusalWithoutBody(.POST, "/v1/tickets", headers: stranger)?.status == 401)
        #expect(service.refusalWithoutBody(.PUT, "/v1/tickets", headers: json)?.status == 405)
        let missing = try #require(service.refusalWithoutBody(.POST, "/nothing", headers: json))
        #expect(missing.status == 404 && missing["X-Request-Id"]?.count == 32)
        let problems = service.metrics.snapshot().problems
        #expect(problems == [.unsupportedMediaType: 1, .unauthenticated: 1, .methodNotAllowed: 1, .notFound: 1])
    }

    @Test func `a rejected request is counted, and its response can be read by an allowed page only`() async throws {
        let service = try await TestService()
        let page = service.respond(
            to: .bodyTooLarge(limit: 16_384), headers: ["Origin": "https://app.acme.example"], peer: PeerAddress("10.0.0.1"))
        #expect(page.status == 413 && page["Access-Control-Allow-Origin"] == "https://app.acme.example")
        #expect(page["Cache-Control"] == "no-store")
        let stranger = service.respond(to: .tooManyConnections, headers: ["Origin": "https://evil.example"], peer: nil)
        #expect(stranger.status == 503 && stranger["Retry-After"] == "1")
        #expect(stranger["Access-Control-Allow-Origin"] == nil)
        #expect(service.metrics.snapshot().problems == [.bodyTooLarge: 1, .overloaded: 1])
    }
}
