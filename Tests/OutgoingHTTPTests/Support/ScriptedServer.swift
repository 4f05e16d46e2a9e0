// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL

/// A server on this machine that answers whatever comes with scripted bytes, so that it can answer wrongly.
struct ScriptedServer {
    private let channel: any Channel
    let port: Int

    /// What each connection gets once it has said something.
    struct Script: Sendable {
        var pieces: [ByteBuffer]
        /// Between the pieces.
        var pause: TimeAmount
        var end: End

        /// What comes after the last piece.
        enum End: Sendable {
            case close
            case silence
            /// The last piece again and again.
            case repetition
        }

        init(pieces: [String], pause: TimeAmount = .zero, end: End = .close) {
            self.pieces = pieces.map { ByteBuffer(string: $0) }
            self.pause = pause
            self.end = end
        }

        init(bytes: [UInt8]) {
            pieces = [ByteBuffer(bytes: bytes)]
            pause = .zero
            end = .close
        }
    }

    /// - Parameters:
    ///   - script: the answer
    ///   - host: an address of this machine
    ///   - port: 0 for any that is free
    ///   - tls: what is spoken below the script; nil for nothing
    init(_ script: Script, host: String = "127.0.0.1", port: Int = 0, tls: NIOSSLContext? = nil) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(script))
                }
            }
            .bind(host: host, port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    func close() async throws { try await channel.close() }

    /// Runs a server while a closure asks it.
    static func with<Answer>(
        _ script: Script, host: String = "127.0.0.1", port: Int = 0, tls: NIOSSLContext? = nil,
        _ ask: (Int) async throws -> Answer
    ) async throws -> Answer {
        let server = try await ScriptedServer(script, host: host, port: port, tls: tls)
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
        guard let next = script.pieces.first else {
            if script.end == .close { context.close(promise: nil) }
            return
        }
        if script.pieces.count > 1 || script.end != .repetition { script.pieces.removeFirst() }
        context.writeAndFlush(NIOAny(next), promise: nil)
        guard script.pause > .zero else { return writeNext(context) }
        context.eventLoop.assumeIsolated().scheduleTask(in: script.pause) { self.writeNext(context) }
    }
}
