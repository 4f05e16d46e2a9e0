// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// A server on 127.0.0.1 that answers whatever comes with scripted bytes, so that it can answer wrongly.
struct ScriptedServer {
    private let channel: any Channel
    let port: Int

    /// What each connection gets once it has said something.
    struct Script: Sendable {
        var pieces: [String]
        /// Between the pieces.
        var pause: TimeAmount = .zero
        var closesAfterwards = true
    }

    init(_ script: Script, tls: NIOSSLContext? = nil) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func close() async throws { try await channel.close() }

    /// Runs a server while a closure asks it.
    static func with<Answer>(
        _ script: Script, tls: NIOSSLContext? = nil, _ ask: (Int) async throws -> Answer
    ) async throws -> Answer {
        let server = try await ScriptedServer(script, tls: tls)
        do {
            let answer = try await ask(server.port)
            try await server.close()
            return answer
        } catch {
            try? await server.close()
            throw error
        }
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var script: ScriptedServer.Script
    private var hasBegun = false

    init(_ script: ScriptedServer.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasBegun else { return }
        hasBegun = true
        writeNext(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func writeNext(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        guard !script.pieces.isEmpty else {
            if script.closesAfterwards { context.close(promise: nil) }
            return
        }
        context.writeAndFlush(NIOAny(ByteBuffer(string: script.pieces.removeFirst())), promise: nil)
        guard script.pause > .zero else { return writeNext(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: script.pause) { self.writeNext(context) }
    }
}
