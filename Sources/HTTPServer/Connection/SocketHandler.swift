// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// First in the pipeline of a TLS connection, where bytes have not been decrypted yet.
///
/// TLS begins once the client's first message is whole: until then a connection costs no more than its bytes, and those are
/// bounded. Only here is a handshake that trickles in visible, and only here does a close close: the TLS handler waits up to 5 s
/// for the peer's close_notify.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private unowned let connection: ConnectionHandler
    private let tls: NIOSSLContext
    private var context: ChannelHandlerContext?
    /// The client's first message until it is whole; nil once TLS has begun.
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
        guard let finding = hello?.take(bytes.readableBytesView) else { return }
        switch finding {
        case .incomplete:
            connection.handshakeHolds(hello?.bytes.capacity ?? 0)
        case .speaksOnlyOthers:
            hello = nil
            // RFC 7301, section 3.2: fatal, no_application_protocol.
            let alert = ByteBuffer(bytes: [0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x78])
            context.writeAndFlush(wrapOutboundOut(alert), promise: nil)
            close()
        case .speaksHTTP1, .unknown:
            beginTLS(context)
        }
    }

    private func beginTLS(_ context: ChannelHandlerContext) {
        let first = ByteBuffer(bytes: hello?.bytes ?? [])
        hello = nil
        guard connection.handshakeHolds(Self.handshakeBytes) else { return }
        do {
            try context.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls), position: .after(self))
        } catch {
            return close()
        }
        context.fireChannelRead(wrapInboundOut(first))
    }

    /// About what a handshake takes in memory.
    private static let handshakeBytes = 40_000
}

@available(*, unavailable)
extension SocketHandler: Sendable {}
