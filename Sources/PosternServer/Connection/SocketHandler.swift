// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The gate's hand on the socket itself, before TLS and the HTTP parser have made anything of its bytes.
///
/// First in the pipeline. Only here is a header that trickles in byte by byte visible: the parser speaks when a head is
/// complete. And only here does a close close: the TLS handler waits up to 5 s for the peer's close_notify.
final class SocketHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let gate: RequestGate

    init(gate: RequestGate) {
        self.gate = gate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let socket = NIOLoopBound(context, eventLoop: context.eventLoop)
        gate.hangUp = { socket.value.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        gate.hangUp = {}
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        gate.bytesArrived()
        context.fireChannelRead(data)
    }
}

@available(*, unavailable)
extension SocketHandler: Sendable {}
