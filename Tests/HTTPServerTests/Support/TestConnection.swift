// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded

@testable import HTTPServer

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What several connections share: one listener, one event loop that runs by hand.
final class TestServer {
    let responder = TestResponder()
    let embeddedLoop = EmbeddedEventLoop()
    let loop: LoopConnections
    let table: ConnectionTable
    let listener: ListenerContext

    init(limits: ConnectionLimits = ConnectionLimits()) {
        loop = LoopConnections(eventLoop: embeddedLoop)
        table = ConnectionTable(limits: limits, isExempt: { _ in false })
        listener = ListenerContext(
            limits: limits, responder: responder, table: table, now: { Date(timeIntervalSince1970: 784_111_777) })
    }

    /// Opens a connection as a listener does.
    func connect(peer: String = "10.0.0.1", refusal: Rejection? = nil) throws -> TestConnection {
        try TestConnection(self, peer: PeerAddress(peer), refusal: refusal)
    }
}

/// A connection whose other end is the test.
final class TestConnection {
    let server: TestServer
    let channel: EmbeddedChannel
    let handler: ConnectionHandler
    let wire = Wire()
    private let before = NIODeadline.now()

    /// `Date` is always the same.
    static let date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

    fileprivate init(_ server: TestServer, peer: PeerAddress?, refusal: Rejection?) throws {
        self.server = server
        if refusal == nil {
            _ = server.table.admit(peer)
        } else {
            _ = server.table.refuse()
        }
        channel = EmbeddedChannel(loop: server.embeddedLoop)
        handler = ConnectionHandler(listener: server.listener, loop: server.loop, peer: peer, refusal: refusal)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(wire)
        try pipeline.addHandler(RequestDecodingHandler(connection: handler, limits: server.listener.limits))
        try pipeline.addHandler(handler)
        channel.pipeline.connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: 1), promise: nil)
        channel.read()
    }

    deinit {
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    var isOpen: Bool { channel.isActive }

    /// One read of the socket, and the next one as `autoRead` asks for it.
    func send(_ bytes: ByteBuffer) {
        channel.pipeline.fireChannelRead(bytes)
        channel.pipeline.fireChannelReadComplete()
        channel.read()
    }

    func send(_ text: String) {
        send(ByteBuffer(string: text))
    }

    /// Looks at deadlines as if no more than that had passed since the connection was opened, however slow the test is.
    func tick(early time: TimeAmount) {
        handler.tick(at: before + time)
    }

    /// Looks at deadlines as if at least that had passed since anything happened.
    func tick(late time: TimeAmount) {
        handler.tick(at: .now() + time)
    }

    /// The client sends nothing more.
    func closeInput() {
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// What was sent since the last call, without the `Date` fields.
    func received() throws -> String {
        var bytes = ByteBuffer()
        while let part = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(var buffer) = part { bytes.writeBuffer(&buffer) }
        }
        return String(buffer: bytes).replacing(Self.date, with: "")
    }

    /// A response as ``received()`` shows it.
    static func response(_ status: String, _ body: String, closes: Bool = false) -> String {
        "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\n\(closes ? "Connection: close\r\n" : "")\r\n\(body)"
    }

    static func ok(_ body: String, closes: Bool = false) -> String {
        response("200 OK", body, closes: closes)
    }
}

/// The end of the pipeline that is next to the socket.
final class Wire: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var context: ChannelHandlerContext?
    /// The peer takes nothing: what is written waits.
    private(set) var isBlocked = false
    /// Reads that were asked of the socket.
    private(set) var reads = 0
    private(set) var isOutputClosed = false
    /// The output was closed while something waited to be sent.
    private(set) var closedWithUnsent = false
    private var isInputClosed = false
    private var isClosed = false
    /// Files that wait to be sent.
    private var files: [EventLoopPromise<Void>] = []
    /// The socket was closed while something waited to be sent.
    private(set) var lostBytes = 0
    /// Delivered inside the next read that is asked for.
    var atNextRead: ByteBuffer?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func block() {
        isBlocked = true
    }

    /// The peer takes everything again, once something more is flushed.
    func unblockWithNextFlush() {
        isBlocked = false
    }

    func unblock() {
        isBlocked = false
        if let context, !isClosed { sendAll(context) }
    }

    func read(context: ChannelHandlerContext) {
        reads += 1
        if let bytes = atNextRead {
            atNextRead = nil
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isClosed {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        // `EmbeddedChannel` cannot count the bytes of a file, and forgets writes when it closes.
        guard case .fileRegion = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        context.write(wrapOutboundOut(.byteBuffer(ByteBuffer(string: "<file>"))), promise: nil)
        if let promise { files.append(promise) }
    }

    func flush(context: ChannelHandlerContext) {
        if !isBlocked, !isClosed { sendAll(context) }
    }

    private func sendAll(_ context: ChannelHandlerContext) {
        context.flush()
        let sent = files
        files = []
        for file in sent { file.succeed() }
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        let waiting = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        // As a socket does; `EmbeddedChannel` would always close both ways.
        if mode == .output, !isInputClosed {
            isOutputClosed = true
            closedWithUnsent = waiting > 0
            promise?.succeed()
            return
        }
        lostBytes += isClosed ? 0 : waiting
        isClosed = true
        for file in files { file.fail(ChannelError.ioOnClosedChannel) }
        files = []
        context.close(mode: .all, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { isInputClosed = true }
        context.fireUserInboundEventTriggered(event)
    }
}
