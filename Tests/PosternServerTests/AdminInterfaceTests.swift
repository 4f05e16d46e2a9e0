// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOHTTP1
import PosternTestSupport
import RuleFiles
import Testing
import WireFormats

@testable import HTTPServer
@testable import PosternServer

struct AdminInterfaceTests {
    private func readiness(of service: TestService, isListening: Bool = true) -> Readiness {
        let readiness = Readiness(state: service.state, connections: service.connections)
        if isListening { readiness.beginListening() }
        return readiness
    }

    /// Requests `target`, which must be answered at once.
    private func request(
        _ target: String, method: HTTPMethod = .GET, host: String = "127.0.0.1:9090", of admin: AdminInterface
    ) throws -> Response {
        let head = RequestHead(method: method, target: target, fields: ["Host": host], peer: nil, date: .january2027)
        guard case .now(let response) = admin.respond(to: Request(head: head, body: .init())) else {
            throw TestService.JSONTypeError()
        }
        return response
    }

    private func text(_ value: JSONValue?) -> String? {
        guard case .string(let text) = value else { return nil }
        return text
    }

    @Test func `readyz tells the rules in force and the status of each credential source`() async throws {
        let service = try await TestService()
        let response = try request("/readyz", of: service.admin(readiness(of: service)))
        #expect(response.status == 200)
        #expect(response["Cache-Control"] == "no-store" && response["X-Request-Id"]?.count == 32)
        let body = try response.object()
        #expect(
            body.members.map(\.name)
                == ["status", "generation", "digest", "tenants", "reasons", "issuers", "credentials", "connections"])
        #expect(body["status"] == .string("ready"))
        #expect(body["digest"] == .string(service.state.current.book.digest))
        #expect(body["reasons"] == .array([]) && body["issuers"] == .array([]))
        guard case .array(let sources) = body["credentials"], case .object(let source) = sources.first else {
            Issue.record("no credentials")
            return
        }
        #expect(
            source.members.map(\.name)
                == [
                    "source", "provider", "expiresAt", "ageSeconds", "failuresInARow", "lastError", "lastErrorAgeSeconds",
                ])
        #expect(text(source["source"]) == "default" && text(source["provider"]) != nil)
        #expect(source["expiresAt"] == .null && source["lastError"] == .null)
        #expect(!String(decoding: response.bytes, as: UTF8.self).contains(TestService.secret))
    }

    @Test func `readyz counts the public connections`() async throws {
        let service = try await TestService()
        _ = service.connections.refuse()
        let body = try request("/readyz", of: service.admin(readiness(of: service))).object()
        guard case .object(let connections) = body["connections"] else {
            Issue.record("no connections")
            return
        }
        let numbers = connections.members.map { member -> String in
            guard case .number(let number) = member.value else { return "\(member.name)=?" }
            return "\(member.name)=\(number.literal)"
        }
        #expect(numbers == ["open=0", "limit=16384", "refused=1", "closedForOthers=0"])
    }

    @Test func `readyz is 503 with the reasons before the listener is open and with a wrong clock`() async throws {
        let service = try await TestService()
        let starting = try request("/readyz", of: service.admin(readiness(of: service, isListening: false)))
        #expect(starting.status == 503)
        #expect(try starting.object()["status"] == .string("not-ready"))
        #expect(try starting.object()["reasons"] == .array([.string("the public listener is not open yet")]))
        let early = try request("/readyz", of: service.admin(readiness(of: service), at: Date(timeIntervalSince1970: 0)))
        #expect(early.status == 503)
        guard case .array(let reasons) = try early.object()["reasons"] else {
            Issue.record("no reasons")
            return
        }
        #expect(reasons.count == 1 && text(reasons.first)?.hasPrefix("the clock says 1970-01-01T00:00:00Z") == true)
    }

    @Test func `the metrics are text`() async throws {
        let service = try await TestService()
        let response = try request("/metrics?a", of: service.admin(readiness(of: service)))
        #expect(response.status == 200 && response["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: response.bytes, as: UTF8.self).contains("\npostern_ready 1\n"))
    }

    @Test func `other paths, methods and names are refused`() async throws {
        let service = try await TestService()
        let admin = service.admin(readiness(of: service), hosts: HostNames(["postern.internal"]))
        for path in ["/", "/readyz/", "/v1/tickets", "/openapi.yaml"] {
            let response = try request(path, of: admin)
            #expect(response.status == 404 && response["X-Content-Type-Options"] == "nosniff")
        }
        let method = try request("/metrics", method: .POST, of: admin)
        #expect(method.status == 405 && method["Allow"] == "GET, HEAD")
        #expect(try request("/readyz", method: .HEAD, of: admin).status == 200)
        #expect(try request("/readyz", host: "postern.internal:9090", of: admin).status == 200)
        let name = try request("/readyz", host: "rebound.example", of: admin)
        #expect(name.status == 400)
        #expect(text(try name.object()["detail"])?.contains("'adminHosts'") == true)
    }
}
