// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
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
    private func interface(port: Int = 1, hosts: [String] = []) -> AdminInterface {
        let clock = ServiceClock(now: { [date] in date }, uptime: { .seconds(5) })
        let metrics = MetricsExposition(
            metrics: service.metrics, state: service.state, readiness: readiness, connections: readiness.connections,
            sink: service.sink, clock: clock, startedAt: date)
        return AdminInterface(
            readiness: readiness, probe: HealthProbe(address: ListenAddress(host: "127.0.0.1", port: port), usesTLS: false),
            state: service.state, metrics: metrics, clock: clock, hosts: HostNames(hosts))
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
                "status", "generation", "digest", "tenants", "reasons", "issuers", "credentials", "connections",
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

    @Test func `an implausible clock makes the service not ready`() async throws {
        readiness.beginListening()
        #expect(readiness.report(at: date).isReady)
        let report = readiness.report(at: Date(timeIntervalSince1970: 0))
        #expect(!report.isReady && report.reasons.count == 1)
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

    @Test(arguments: ["/", "/readyz/", "/v1/tickets", "/metricsx", "/Healthz"])
    func `other paths are not found`(path: String) async throws {
        let response = try await respond(.GET, path)
        #expect(response.status == 404)
        #expect(try json(response)["code"] == .string("not-found"))
    }

    @Test func `only GET and HEAD are allowed`() async throws {
        for path in ["/healthz", "/readyz", "/metrics"] {
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
        for path in ["/readyz", "/metrics", "/nothing"] {
            let response = try await respond(.GET, path, host: host, interface: interface(hosts: ["Ops.Internal"]))
            #expect((response.status != 400) == isAccepted, "\(path)")
        }
    }

    @Test func `every response has a request id and is not cached`() async throws {
        let requests = [(HTTPMethod.GET, "/readyz"), (.GET, "/metrics"), (.GET, "/healthz"), (.GET, "/x"), (.POST, "/readyz")]
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
