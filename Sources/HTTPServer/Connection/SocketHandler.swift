// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// The first handler in the pipeline of a TLS connection, which receives the encrypted bytes.
///
/// The TLS handler is added when the client's first message is complete, so that until then a connection holds only a bounded
/// number of bytes. This handler also sees the bytes of a slow handshake, and can close the socket at once: the TLS handler
/// would wait up to 5 s for the client's close_notify.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private unowned let connection: ConnectionHandler
    private let tls: NIOSSLContext
    private var context: ChannelHandlerContext?
    /// The client's first message until it is complete; nil after TLS has begun.
    private var hello: ClientHello? = ClientHello()

    init(connection: ConnectionHandler, tls: NIOSSLContext) {
        self.connection = connection
        self.tls = tls
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        hello = nil
    }

    func close() {
        context?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        connection.bytesReceived(0)
        guard hello != nil else { return context.fireChannelRead(data) }
        let bytes = unwrapInboundIn(data)
        guard let result = hello?.append(bytes.readableBytesView) else { return }
        switch result {
        case .incomplete:
            connection.setHandshakeBytes(hello?.bytes.capacity ?? 0)
        case .offersOnlyOthers:
            hello = nil
            // RFC 7301, section 3.2: fatal, no_application_protocol.
            let alert = ByteBuffer(bytes: [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x78])
            context.writeAndFlush(wrapOutboundOut(alert), promise: nil)
            close()
        case .offersHTTP1, .unknown:
            beginTLS(context)
        }
    }

    private func beginTLS(_ context: ChannelHandlerContext) {
        let first = ByteBuffer(bytes: hello?.bytes ?? [])
        hello = nil
        guard connection.setHandshakeBytes(Self.handshakeBytes) else { return }
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .after(self))
        } catch {
            return close()
        }
        context.fireChannelRead(wrapInboundOut(first))
    }

    /// The estimated memory of a handshake.
    private static let handshakeBytes = 40_000
}

@available(*, unavailable)
extension SocketHandler: Sendable {}
