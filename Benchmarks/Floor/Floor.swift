// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// The least that SwiftNIO can do for a request of the same kind: a bare server that reads the whole request and answers a
/// constant of a ticket's size. `make bench` measures the service beside it: `Floor PORT`.
@main
enum Floor {
    static func main() throws {
        guard CommandLine.arguments.count == 2, let port = Int(CommandLine.arguments[1]) else {
            print("usage: Floor PORT")
            return
        }
        let body = ByteBuffer(string: String(repeating: "x", count: 1900))
        let listener = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withPipeliningAssistance: false, withErrorHandling: false)
                    try channel.pipeline.syncOperations.addHandler(ConstantHandler(body: body))
                }
            }
            .bind(host: "127.0.0.1", port: port).wait()
        try listener.closeFuture.wait()
    }
}

/// Collects the body of a request and answers the constant.
private final class ConstantHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let body: ByteBuffer
    private var received = ByteBuffer()

    init(body: ByteBuffer) {
        self.body = body
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: received.clear()
        case .body(var bytes): received.writeBuffer(&bytes)
        case .end:
            var fields = HTTPHeaders()
            fields.reserveCapacity(6)
            fields.add(name: "Content-Type", value: "application/json")
            fields.add(name: "Cache-Control", value: "no-store")
            fields.add(name: "Vary", value: "Origin")
            fields.add(name: "X-Content-Type-Options", value: "nosniff")
            fields.add(name: "Date", value: "Thu, 01 Jan 2026 00:00:00 GMT")
            fields.add(name: "Content-Length", value: String(body.readableBytes))
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .created, headers: fields))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}
