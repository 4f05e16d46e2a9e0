// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A connection whose bytes the test writes itself, to send half of something. It reads nothing before it is asked for the answer.
struct RawConnection: Sendable {
    private let channel: any Channel
    private let received: EventLoopFuture<ByteBuffer>

    /// - Parameter text: when this has been read the answer is at its end; nil where that is when the other side closes.
    init(port: Int, readUntil text: String? = nil) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let promise = loop.makePromise(of: ByteBuffer.self)
        received = promise.futureResult
        do {
            channel = try await ClientBootstrap(group: loop)
                .channelOption(.autoRead, value: false)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(Collector(promise, until: text))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
        } catch {
            promise.fail(error)
            throw error
        }
    }

    /// Sends the bytes; returns when the system has taken them all.
    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    /// Sends nothing more, but goes on reading.
    func closeOutput() async throws {
        try await channel.close(mode: .output).get()
    }

    /// Reads the answer to its end and goes away.
    func answer() async throws -> [UInt8] {
        // Fails where the other side has closed already: then all has been read.
        try? await channel.setOption(.autoRead, value: true).get()
        let answer = try await received.get()
        try? await channel.close().get()
        return Array(answer.readableBytesView)
    }

    /// Goes away.
    func close() async throws {
        try await channel.close().get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let promise: EventLoopPromise<ByteBuffer>
        private let end: [UInt8]?
        private var received = ByteBuffer()

        init(_ promise: EventLoopPromise<ByteBuffer>, until text: String?) {
            self.promise = promise
            end = text.map { Array($0.utf8) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            received.writeBuffer(&bytes)
            guard let end, Array(received.readableBytesView).firstRange(of: end) != nil else { return }
            promise.succeed(received)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            promise.fail(error)
            context.close(promise: nil)
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            promise.succeed(received)
        }
    }
}
