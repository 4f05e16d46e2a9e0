// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServer
import NIOCore
import NIOPosix
import PosternTestSupport
import RuleFiles
import Testing

@testable import PosternServer

/// With sockets on loopback, which are what the probe is about.
@Suite(.timeLimit(.minutes(5)))
struct HealthProbeTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private struct Health: Responder {
        func endpoint(for head: RequestHead) -> Endpoint {
            Endpoint(.whole(maxBytes: 0) { _ in .now(Response(status: 200)) })
        }

        func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
            Response(status: 503)
        }
    }

    private func probe(_ port: Int, host: String = "127.0.0.1", usesTLS: Bool = false) async throws -> Bool {
        try await HealthProbe(address: ListenAddress(host: host, port: port), usesTLS: usesTLS).checkPublicPort(on: loop).get()
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0"])
    func `a port that responds with HTTP is healthy`(_ host: String) async throws {
        let listener = HTTPListener(host: host, port: 0, limits: ConnectionLimits(), responder: Health())
        let port = try await listener.start()
        #expect(try await probe(port, host: host))
        // Its response to a TLS handshake is no TLS.
        #expect(try await !probe(port, host: host, usesTLS: true))
        try await listener.stop()
        #expect(try await !probe(port, host: host))
    }

    /// Greets each client once it is connected, and closes.
    private final class Greeter: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let greeting: String

        init(_ greeting: String) { self.greeting = greeting }

        func channelActive(context: ChannelHandlerContext) {
            context.channel.writeAndFlush(ByteBuffer(string: greeting), promise: nil)
            context.close(promise: nil)
        }
    }

    @Test(arguments: ["SSH-2.0-OpenSSH\r\n", "HTTP/2 200\r\n", ""])
    func `a port that responds with something else, or closes, is not healthy`(_ greeting: String) async throws {
        let server = try await ServerBootstrap(group: loop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Greeter(greeting)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        #expect(try await !probe(try #require(server.localAddress?.port)))
        try await server.close()
    }

    @Test(.enabled(if: TestCertificate.canBeMade))
    func `a port with TLS is healthy, whoever its certificate is of`() async throws {
        let context = try await TestCertificate(for: "DNS:upload.example.com").context()
        let listener = HTTPListener(
            host: "127.0.0.1", port: 0, tls: { context }, limits: ConnectionLimits(), responder: Health())
        let port = try await listener.start()
        #expect(try await probe(port, usesTLS: true))
        try await listener.stop()
    }

    @Test func `a port that the system chooses is asked once it is known`() async throws {
        let listener = HTTPListener(host: "127.0.0.1", port: 0, limits: ConnectionLimits(), responder: Health())
        let probe = HealthProbe(address: ListenAddress(host: "127.0.0.1", port: 0), usesTLS: false)
        #expect(try await !probe.checkPublicPort(on: loop).get())
        probe.beginListening(on: try await listener.start())
        #expect(try await probe.checkPublicPort(on: loop).get())
        try await listener.stop()
    }

    @Test func `a port that accepts and says nothing is not healthy`() async throws {
        let server = try await ServerBootstrap(group: loop).bind(host: "127.0.0.1", port: 0).get()
        #expect(try await !probe(try #require(server.localAddress?.port)))
        try await server.close()
    }
}
