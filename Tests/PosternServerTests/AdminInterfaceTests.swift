// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import OutgoingHTTP
import PosternTestSupport
import RuleFiles
import Testing
import WireFormats

@testable import HTTPServer
@testable import PosternServer

@Suite(.timeLimit(.minutes(5)))
struct AdminInterfaceTests {
    private let service: TestService
    private let readiness: Readiness
    private let date = Date.january2027

    init() async throws {
        service = try await TestService()
        readiness = Readiness(
            state: service.state, connections: ConnectionTable(limits: ConnectionLimits(), isExempt: { _ in false }))
    }

    /// - Parameter port: the port that the health check connects to; nothing listens on port 1
    private func interface(port: Int = 1) -> AdminInterface {
        let clock = ServiceClock(now: { [date] in date }, uptime: { .seconds(5) })
        let metrics = MetricsExposition(
            metrics: service.metrics, state: service.state, readiness: readiness, connections: readiness.connections,
            lag: EventLoopLag(loops: []), sink: service.sink, clock: clock, startedAt: date)
        return AdminInterface(
            readiness: readiness, probe: HealthProbe(address: ListenAddress(host: "127.0.0.1", port: port), usesTLS: false),
            state: service.state, metrics: metrics,
            status: StatusPage(
                readiness: readiness, state: service.state,
                recent: RecentDecisions(metrics: service.metrics, tenants: { [] }, clock: clock), sink: service.sink, audit: nil,
                clock: clock
            ),
            clock: clock)
    }

    private func respond(
        _ method: HTTPMethod, _ target: String, host: String = "127.0.0.1:9090", interface: AdminInterface? = nil
    ) async throws -> Response {
        let head = RequestHead(method: method, target: target, fields: ["Host": host], peer: nil, date: date)
        switch (interface ?? self.interface()).respond(to: Request(head: head, body: ByteBuffer())) {
        case .now(let response): return response
        case .later(let makeResponse): return try await makeResponse(MultiThreadedEventLoopGroup.singleton.any()).get()
        }
    }

    private func json(_ response: Response) throws -> JSONValue {
        try JSONValue(parsing: response.bytes)
    }

    @Test func `readiness is 503 until the listener is open and after the service begins to stop`() async throws {
        let early = try await respond(.GET, "/readyz")
        #expect(early.status == 503)
        #expect(try json(early)["status"]?.string == "not-ready")
        readiness.beginListening()
        let ready = try await respond(.GET, "/readyz")
        #expect(ready.status == 200)
        #expect(try json(ready)["status"] == .string("ready"))
        #expect(try json(ready)["reasons"] == .array([]))
        readiness.beginDraining()
        #expect(try await respond(.GET, "/readyz").status == 503)
    }

    @Test func `readiness has the rule book, each credential source and the connections`() async throws {
        readiness.beginListening()
        let members = try json(try await respond(.GET, "/readyz"))
        #expect(
            members.names == [
                "status", "generation", "digest", "rulesAgeSeconds", "lastLookAgeSeconds", "tenants", "reasons", "heldBackFiles",
                "heldBack", "issuers", "credentials", "connections",
            ])
        #expect(members["digest"] == .string(service.state.current.book.digest))
        #expect(members["tenants"]?.integer == 1)
        #expect(members["issuers"] == .array([]))
        let source = try #require(members["credentials"]?.elements?.first)
        #expect(source["provider"] == .string("environment"))
        #expect(source["expiresAt"] == .null && source["lastError"] == .null)
        #expect(source["failuresInARow"]?.integer == 0)
        let connections = try #require(members["connections"])
        #expect(connections["open"]?.integer == 0)
        #expect(connections["limit"]?.integer == ConnectionLimits().maxConnections)
    }

    @Test func `files that are held back are told with their problems, and the service stays ready`() async throws {
        readiness.beginListening()
        try service.edit("acme.yaml", TestService.acme(keys: service.keyLines).replacing("5MiB", with: "5M"))
        try service.edit("beta.yaml", "tenant: other\n")
        let response = try await respond(.GET, "/readyz")
        let members = try json(response)
        #expect(response.status == 200 && members["heldBackFiles"]?.integer == 2)
        let held = try #require(members["heldBack"]?.elements)
        #expect(held.map { $0["tenant"] } == [.string("acme"), .string("beta")])
        #expect(held.map { $0["serves"] } == [.bool(true), .bool(false)])
        #expect(held[0]["problemCount"]?.integer == 1 && held[0]["sinceSeconds"]?.integer == 0)
        let problem = try #require(held[0]["problems"]?.elements?.first)
        #expect(problem["file"]?.string?.hasSuffix("/acme.yaml") == true && (problem["line"]?.integer ?? 0) > 1)
        #expect(problem["message"] == .string("“5M” is not a size") && problem["advice"]?.string?.contains("5MiB") == true)
        #expect(service.metricsText().contains("\npostern_rules_held_back_files 2\n"))
    }

    @Test func `the list of files that are held back is bounded`() throws {
        let long = String(repeating: "é", count: 100_000)
        let problem = Diagnostic(file: "f", line: 1, column: 1, message: long, advice: long)
        let start = ReloadRecord(start: service.state.current, warnings: [], at: Moment(date: date, uptime: .zero))
        let status = ReloadStatus(start: start)
        let files = (0..<100_000).map { index in
            HeldBackFile(
                file: "\(index)", tenant: "t\(index)", problems: Array(repeating: problem, count: index % 1000 == 0 ? 1000 : 3))
        }
        status.judged(
            Reloader.Change(next: nil, heldBack: files, warnings: [], settingsForRestart: []), generation: 1,
            at: Moment(date: date, uptime: .seconds(1)))
        let response = ReadinessResponse(
            snapshot: service.state.current, report: readiness.report(at: date), reloads: status.report,
            connections: readiness.connections, moment: Moment(date: date, uptime: .seconds(5)))
        let bytes = JSONWriter.object { response.write(to: &$0) }
        #expect(bytes.count < 1_000_000)
        let members = try JSONValue(parsing: bytes)
        let held = try #require(members["heldBack"]?.elements)
        #expect(members["heldBackFiles"]?.integer == 100_000 && held.count == 100)
        #expect(held[0]["problems"]?.elements?.count == 20 && held[0]["problemCount"]?.integer == 1000)
        #expect(held.compactMap { $0["problems"]?.elements?.count }.reduce(0, +) == 200)
        #expect(held[0]["sinceSeconds"]?.integer == 4)
    }

    @Test func `an implausible clock makes the service not ready`() async throws {
        readiness.beginListening()
        #expect(readiness.report(at: date).isReady)
        let report = readiness.report(at: Date(timeIntervalSince1970: 0))
        #expect(!report.isReady && report.reasons.count == 1)
    }

    @Test func `the status page is a document with a policy of its own, and its data is JSON`() async throws {
        let page = try await respond(.GET, "/")
        #expect(page.status == 200 && page["content-type"] == "text/html; charset=utf-8")
        #expect(page["content-security-policy"] == StatusPage.page.contentSecurityPolicy)
        #expect(page["content-security-policy"]?.contains("frame-ancestors 'none'") == true)
        let status = try await respond(.GET, "/status.json?tenants=ac")
        #expect(status.status == 200 && status["content-type"] == "application/json")
        #expect(status["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'")
        #expect(try json(status)["tenantSearch"]?["matches"]?.integer == 1)
        #expect(try json(try await respond(.GET, "/status.json?tenants=x"))["tenantSearch"]?["matches"]?.integer == 0)
    }

    @Test(arguments: ["%", "%zz", "%ff", String(repeating: "a", count: 101)])
    func `a search that is not valid is refused`(value: String) async throws {
        let response = try await respond(.GET, "/status.json?x=1&tenants=\(value)")
        #expect(response.status == 400)
        #expect(try json(response)["code"] == .string("invalid-request"))
    }

    @Test func `metrics are plain text of Prometheus`() async throws {
        let response = try await respond(.GET, "/metrics")
        #expect(response.status == 200)
        #expect(response["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: response.bytes, as: UTF8.self).contains("\n# TYPE postern_credentials_usable gauge\n"))
    }

    @Test func `the service is healthy if its public port answers with any status`() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedAnswer(text: "HTTP/1.1 503 Service Unavailable\r\n\r\n"))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let healthy = try await respond(.GET, "/healthz", interface: interface(port: port))
        #expect(healthy.status == 200)
        #expect(try json(healthy)["status"] == .string("ok"))
        try await server.close().get()
        let failed = try await respond(.GET, "/healthz", interface: interface(port: port))
        #expect(failed.status == 503)
        #expect(try json(failed)["reasons"]?.elements?.count == 1)
    }

    @Test func `the service is not healthy if its public port does not speak HTTP`() async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FixedAnswer(text: "SSH-2.0-OpenSSH\r\n"))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        #expect(try await respond(.GET, "/healthz", interface: interface(port: port)).status == 503)
        try await server.close().get()
    }

    @Test(arguments: ["/status", "//", "/readyz/", "/v1/tickets", "/metricsx", "/Healthz"])
    func `other paths are not found`(path: String) async throws {
        let response = try await respond(.GET, path)
        #expect(response.status == 404)
        #expect(try json(response)["code"] == .string("not-found"))
    }

    @Test func `only GET and HEAD are allowed`() async throws {
        for path in ["/healthz", "/readyz", "/metrics", "/", "/status.json", "/openapi.yaml"] {
            let response = try await respond(.POST, path)
            #expect(response.status == 405)
            #expect(response["allow"] == "GET, HEAD")
        }
        #expect(try await respond(.HEAD, "/metrics").status == 200)
    }

    @Test(arguments: [
        ("127.0.0.1:9090", true), ("10.1.2.3", true), ("[::1]:9090", true), ("localhost", true), ("ops.internal:9090", true),
        ("OPS.internal", true), ("evil.example", false), ("xops.internal", false), ("localhost.evil.example", false),
    ])
    func `only loopback names, addresses and listed names are accepted as Host`(host: String, isAccepted: Bool) async throws {
        service.state.replace(with: service.snapshot { $0.adminHosts = ["Ops.Internal"] })
        for path in ["/readyz", "/metrics", "/", "/status.json", "/nothing"] {
            let response = try await respond(.GET, path, host: host)
            #expect((response.status != 400) == isAccepted, "\(path)")
        }
    }

    @Test func `every response has a request id and is not cached`() async throws {
        let requests = [
            (HTTPMethod.GET, "/readyz"), (.GET, "/metrics"), (.GET, "/healthz"), (.GET, "/"), (.GET, "/status.json"),
            (.GET, "/x"),
            (.POST, "/readyz"),
        ]
        for (method, path) in requests {
            let response = try await respond(method, path)
            #expect(response["x-request-id"]?.utf8.count == 32, "\(path)")
            #expect(response["cache-control"] == "no-store" && response["x-content-type-options"] == "nosniff")
        }
    }
}

/// Sends a text to each client that sends something.
private final class FixedAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let text: String

    init(text: String) {
        self.text = text
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }
}
