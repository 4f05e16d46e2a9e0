// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import PosternTestSupport
import Synchronization
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(5)), .enabled(if: TestCertificate.canBeMade))
struct TLSListenerTests {
    private let responder = TestResponder()
    private let certificate: TestCertificate

    init() async throws {
        certificate = try await TestCertificate(for: "IP:127.0.0.1")
    }

    /// What new connections get.
    private final class Served: Sendable {
        let context: Mutex<NIOSSLContext>

        init(_ certificate: TestCertificate) throws {
            context = Mutex(try Self.context(certificate))
        }

        func replace(with certificate: TestCertificate) throws {
            let new = try Self.context(certificate)
            context.withLock { $0 = new }
        }

        private static func context(_ certificate: TestCertificate) throws -> NIOSSLContext {
            try NIOSSLContext(
                configuration: .serving(
                    chain: try NIOSSLCertificate.fromPEMFile(certificate.path).map { .certificate($0) },
                    key: .privateKey(try NIOSSLPrivateKey(file: certificate.key, format: .pem))))
        }
    }

    /// Listens with TLS while `body` runs, and stops.
    private func listening(_ body: (Int) async throws -> Void) async throws {
        try await listening { port, _ in try await body(port) }
    }

    private func listening(_ body: (Int, Served) async throws -> Void) async throws {
        let served = try Served(certificate)
        var limits = ConnectionLimits()
        limits.requestTimeout = .minutes(4)
        limits.idleTimeout = .minutes(4)
        let listener = HTTPListener(
            host: "127.0.0.1", port: 0, tls: { served.context.withLock { $0 } }, limits: limits, responder: responder)
        let port = try await listener.start()
        do {
            try await body(port, served)
        } catch {
            Issue.record(error)
        }
        try await listener.stop()
        #expect(listener.connections.figures.open == 0 && listener.connections.figures.heldBytes == 0)
    }

    /// Sends a request over TLS and returns all that is received until the end.
    /// - Parameter between: called between a first request and that one, on the same connection; nil for only one request
    private func exchange(
        _ port: Int, _ change: (inout TLSConfiguration) -> Void = { _ in }, between: (() async throws -> Void)? = nil
    ) async throws -> (text: String, protocol: String?) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.minimumTLSVersion = .tlsv1
        change(&configuration)
        let tls = try NIOSSLContext(configuration: configuration)
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let received = loop.makePromise(of: (text: String, protocol: String?).self)
        do {
            let channel = try await ClientBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            try NIOSSLClientHandler(context: tls, serverHostname: nil), TextCollector(received))
                    }
                }
                .connect(host: "127.0.0.1", port: port).get()
            if let between {
                channel.writeAndFlush(ByteBuffer(string: "GET /first HTTP/1.1\r\nHost: a\r\n\r\n"), promise: nil)
                try await between()
            }
            let request = ByteBuffer(string: "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            channel.writeAndFlush(request, promise: nil)
        } catch {
            received.fail(error)
        }
        return try await received.futureResult.get()
    }

    @Test func `requests are answered over TLS with HTTP 1.1 as the protocol`() async throws {
        try await listening { port in
            for protocols in [["http/1.1"], ["h2", "http/1.1"], []] {
                let answer = try await exchange(port) { $0.applicationProtocols = protocols }
                #expect(answer.text.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.text.hasSuffix("GET /a "))
                #expect(answer.protocol == (protocols.isEmpty ? nil : "http/1.1"))
            }
        }
    }

    @Test func `a client that offers only other protocols is refused before the handshake`() async throws {
        try await listening { port in
            await #expect(throws: (any Error).self) { try await exchange(port) { $0.applicationProtocols = ["h2"] } }
        }
        #expect(responder.heads.isEmpty)
    }

    @Test(arguments: [(TLSVersion.tlsv12, true), (.tlsv13, true), (.tlsv11, false), (.tlsv1, false)])
    func `TLS 1.2 and 1.3 are accepted`(version: TLSVersion, isAccepted: Bool) async throws {
        try await listening { port in
            let answer = try? await exchange(port) { $0.maximumTLSVersion = version }
            #expect((answer?.text.hasPrefix("HTTP/1.1 200 OK\r\n") ?? false) == isAccepted)
        }
    }

    @Test func `cipher suites without forward secrecy are refused`() async throws {
        try await listening { port in
            await #expect(throws: (any Error).self) {
                try await exchange(port) {
                    $0.maximumTLSVersion = .tlsv12
                    $0.cipherSuiteValues = [.TLS_RSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]
                }
            }
        }
    }

    @Test func `new connections get a replaced certificate, and open ones go on`() async throws {
        let other = try await TestCertificate(for: "IP:127.0.0.1")
        func trust(_ certificate: TestCertificate) -> (inout TLSConfiguration) -> Void {
            { configuration in
                configuration.trustRoots = .file(certificate.path)
                configuration.certificateVerification = .noHostnameVerification
            }
        }
        try await listening { port, served in
            let exchanged = try await exchange(
                port, trust(certificate),
                between: {
                    while responder.heads.count < 1 { try await Task.sleep(for: .milliseconds(2)) }
                    try served.replace(with: other)
                    #expect(try await exchange(port, trust(other)).text.hasPrefix("HTTP/1.1 200 OK\r\n"))
                    await #expect(throws: (any Error).self) { try await exchange(port, trust(certificate)) }
                })
            let text = exchanged.text
            #expect(text.contains("GET /first") && text.hasSuffix("GET /a "))
        }
    }

    @Test func `plain HTTP on the TLS port gets no response`() async throws {
        try await listening { port in
            let client = try SocketClient(port: port)
            try await client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await !client.receive().contains("HTTP"))
        }
        #expect(responder.heads.isEmpty)
    }
}

/// Collects what is received until the other side closes.
private final class TextCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<(text: String, protocol: String?)>
    private var received = ByteBuffer()
    private var negotiated: String?

    init(_ promise: EventLoopPromise<(text: String, protocol: String?)>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent { negotiated = name }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise.succeed((String(buffer: received), negotiated))
    }
}
