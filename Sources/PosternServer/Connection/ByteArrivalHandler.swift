// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Says that bytes came, before TLS and the HTTP parser have made anything of them.
///
/// First in the pipeline. Only here is a header that trickles in byte by byte visible: the parser speaks when a
/// head is complete.
final class ByteArrivalHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let arrived: () -> Void

    init(arrived: @escaping () -> Void) {
        self.arrived = arrived
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        arrived()
        context.fireChannelRead(data)
    }
}

@available(*, unavailable)
extension ByteArrivalHandler: Sendable {}
