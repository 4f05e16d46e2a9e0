// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The framework's HTTP/1 channel with our decoder and the gate in it.
struct GatedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel
    let limits: ConnectionLimits
    let observer: any ConnectionObserver

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let gate = RequestGate(limits: limits, observer: observer)
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(SocketHandler(gate: gate), position: .first)
            try pipeline.addHandler(HTTPResponseEncoder())
            try pipeline.addHandler(RequestDecodingHandler(gate: gate, limits: limits))
            try pipeline.addHandler(gate)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            let value = try Value(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
            // A connection accepted in the moment that the listener closes is never handed on, and NIO traps where a writer goes
            // before its channel is closed: so it is held until then.
            channel.closeFuture.whenComplete { _ in withExtendedLifetime(value) {} }
            return value
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

extension HTTPServerBuilder {
    /// HTTP/1 behind a ``RequestGate``.
    static func gated(limits: ConnectionLimits, observer: any ConnectionObserver) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            let base = HTTP1Channel(responder: responder)
            return GatedChannel(base: base, limits: limits, observer: observer)
        }
    }
}
