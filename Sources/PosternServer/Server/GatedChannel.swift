// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypesHTTP1

/// The framework's HTTP/1 channel with the gate in it.
struct GatedChannel: ServerChildChannel {
    typealias Value = HTTP1Channel.Value

    let base: HTTP1Channel
    let limits: ConnectionLimits
    let observer: any ConnectionObserver

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        base.setup(channel: channel, logger: logger).flatMapThrowing { value in
            let pipeline = channel.pipeline.syncOperations
            let codec = try pipeline.context(handlerType: HTTP1ToHTTPServerCodec.self)
            let gate = RequestGate(limits: limits, observer: observer)
            try pipeline.addHandler(gate, position: .before(codec.handler))
            try pipeline.addHandler(SocketHandler(gate: gate), position: .first)
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
            let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
                maxHeaderFieldSize: limits.maxHeaderBytes,
                maxHeaderListSize: limits.maxHeaderBytes,
                maxHeaderFieldCount: 100
            )
            let base = HTTP1Channel(responder: responder, configuration: .init(httpDecoderConfiguration: decoder))
            return GatedChannel(base: base, limits: limits, observer: observer)
        }
    }
}
