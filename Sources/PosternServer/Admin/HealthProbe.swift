// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
import NIOSSL
package import RuleFiles

/// Asks the public port for its health, as a stranger would: a process whose listener is stuck is not healthy.
package struct HealthProbe: Sendable {
    private let address: ListenAddress
    private let usesTLS: Bool
    private static let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    package init(address: ListenAddress, usesTLS: Bool) {
        self.address = address
        self.usesTLS = usesTLS
    }

    /// True when the public port answers within two seconds.
    package func publicPortAnswers(on loop: any EventLoop) -> EventLoopFuture<Bool> {
        let answer = loop.makePromise(of: Bool.self)
        let usesTLS = usesTLS
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(.seconds(1))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if usesTLS {
                        // The probe speaks to its own process: it looks for an answer, not for an identity.
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.certificateVerification = .none
                        let handler = try NIOSSLClientHandler(
                            context: NIOSSLContext(configuration: configuration), serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    try channel.pipeline.syncOperations.addHandler(StatusLineHandler(answer: answer))
                }
            }
        let connected = bootstrap.connect(host: reachableHost, port: address.port)
        connected.whenSuccess { channel in
            channel.writeAndFlush(ByteBuffer(string: Self.request), promise: nil)
            channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        }
        connected.whenFailure { _ in answer.succeed(false) }
        return answer.futureResult.recover { _ in false }
    }

    private var reachableHost: String {
        switch address.host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address.host
        }
    }
}

/// Waits for the first bytes of an HTTP answer.
private final class StatusLineHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let answer: EventLoopPromise<Bool>
    private var isAnswered = false

    init(answer: EventLoopPromise<Bool>) {
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        // Any answer counts: a listener that is full and says so is alive, and a restart would not help.
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

    private func finish(_ healthy: Bool) {
        guard !isAnswered else { return }
        isAnswered = true
        answer.succeed(healthy)
    }
}
