// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A proxy that is also the host that it connects to: after a request, which it records, it writes its answer, and then speaks TLS
/// and answers the request in it.
final class TunnelServer: Sendable {
    static let established = "HTTP/1.1 200 Connection established\r\n\r\n"
    static let response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    private let channel: any Channel
    private let heads: Heads
    let port: Int

    /// What each connection began with.
    private final class Heads: Sendable {
        let texts = Mutex<[String]>([])
    }

    /// The heads of the requests to the proxy, in order.
    var requests: [String] { heads.texts.withLock { $0 } }

    private init(_ answer: String, _ response: String, tls: NIOSSLContext) async throws {
        let heads = Heads()
        self.heads = heads
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = TunnelHandler(answer, response, tls: tls) { head in heads.texts.withLock { $0.append(head) } }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Runs a proxy while a closure uses it.
    static func with<Answer>(
        _ answer: String = established, response: String = response, tls: NIOSSLContext,
        _ use: (TunnelServer) async throws -> Answer
    ) async throws -> Answer {
        let server = try await TunnelServer(answer, response, tls: tls)
        do {
            let result = try await use(server)
            try await server.channel.close()
            return result
        } catch {
            try? await server.channel.close()
            throw error
        }
    }
}

private final class TunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: String
    private let response: String
    private let tls: NIOSSLContext
    private let record: (String) -> Void
    private var received = ""
    private var isOpen = false

    init(_ answer: String, _ response: String, tls: NIOSSLContext, record: @escaping (String) -> Void) {
        (self.answer, self.response, self.tls, self.record) = (answer, response, tls, record)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        guard received.hasSuffix("\r\n\r\n") else { return }
        if isOpen {
            context.writeAndFlush(NIOAny(ByteBuffer(string: response)), promise: nil)
            context.close(promise: nil)
        } else {
            record(received)
            received = ""
            isOpen = true
            context.writeAndFlush(NIOAny(ByteBuffer(string: answer)), promise: nil)
            try? context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .first)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
