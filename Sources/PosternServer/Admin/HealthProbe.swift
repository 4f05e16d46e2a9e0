// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
import NIOSSL
package import RuleFiles
import Synchronization

/// Checks the public port over a real connection: a process whose listener hangs is not healthy.
package final class HealthProbe: Sendable {
    private let address: ListenAddress
    /// 0 until it is known.
    private let port: Atomic<Int>
    private let usesTLS: Bool
    private static let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    /// - Parameter address: where the public listener listens; its port may be 0
    package init(address: ListenAddress, usesTLS: Bool) {
        self.address = address
        port = Atomic(address.port)
        self.usesTLS = usesTLS
    }

    /// Call when the public listener is open.
    /// - Parameter port: its port, which the system has chosen if the address has port 0
    package func beginListening(on port: Int) {
        self.port.store(port, ordering: .relaxed)
    }

    /// Sends `GET /healthz` to the public port.
    /// - Returns: whether a response arrived within two seconds
    package func checkPublicPort(on loop: any EventLoop) -> EventLoopFuture<Bool> {
        let port = port.load(ordering: .relaxed)
        guard port > 0 else { return loop.makeSucceededFuture(false) }
        let result = loop.makePromise(of: Bool.self)
        let usesTLS = usesTLS
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(1))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if usesTLS {
                        // The other end is this process, so its identity does not matter.
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.certificateVerification = .none
                        let handler = try NIOSSLClientHandler(
                            context: NIOSSLContext(configuration: configuration), serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(StatusLineHandler(result: result))
                }
            }
        let connected = bootstrap.connect(host: reachableHost, port: port)
        connected.whenSuccess { channel in
            channel.writeAndFlush(ByteBuffer(string: Self.request), promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        }
        connected.whenFailure { _ in result.succeed(false) }
        return result.futureResult.recover { _ in false }
    }

    /// The address at which a listener on this address can be reached.
    private var reachableHost: String {
        switch address.host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address.host
        }
    }
}

/// Waits for the first bytes of an HTTP response.
private final class StatusLineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let result: EventLoopPromise<Bool>
    private var isFinished = false

    init(result: EventLoopPromise<Bool>) {
        self.result = result
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        // Any status: a listener that is full responds with 503, and a restart would not help.
        finish(bytes.readableBytesView.starts(with: "HTTP/1.1 ".utf8))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(false)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(false)
        context.close(promise: nil)
    }

    private func finish(_ isHealthy: Bool) {
        guard !isFinished else { return }
        isFinished = true
        result.succeed(isHealthy)
    }
}
