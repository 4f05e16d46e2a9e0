// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOTLS

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs one connection: reports events to its ``ConnectionState``, performs the actions that it returns, and passes complete
/// requests to their endpoints. A response that is available at once is written during the read that completes its request.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    private let listener: ListenerContext
    private let loop: LoopConnections
    private let peer: PeerAddress?
    private var state: ConnectionState
    private var memory = ConnectionMemory()
    /// The rejection of every request, for a connection that exceeded a limit when it was opened.
    private let refusal: Rejection?
    private var context: ChannelHandlerContext?
    /// Closes the socket without waiting for TLS; nil on a plain connection.
    private var socket: SocketHandler?

    /// The request being read.
    private var incoming: IncomingRequest?
    /// Complete requests that wait for their turn; nil until there is one, since a buffer takes kilobytes.
    private var queue: CircularBuffer<IncomingRequest>?
    private var isAnsweringQueue = false
    /// Whether the channel asked for a read that ``ConnectionState`` did not allow yet.
    private var isReadPending = false
    private var unflushedBytes = 0
    /// Empty writes that have not completed; the last one completes when everything was sent.
    private var pendingEmptyWrites = 0
    /// Whether NIO's decoder will stop after the request being read, and whether it has stopped.
    private var decoderStops = false
    private var decoderHasStopped = false
    /// Whether the request whose head is refused is a HEAD request.
    private var refusesHEAD = false
    /// The address at which the last piece of a body ended in this read, which shows whether the read contained more.
    private(set) var lastBodyEnd: UnsafeRawPointer?
    /// The index among the connections of the event loop, set by ``LoopConnections``.
    var index = -1

    /// Pipelined responses are flushed together, up to this size.
    private static let flushThreshold = 64 * 1024
    /// Bodies up to this size are copied into the buffer of their head; larger ones are written separately.
    private static let maxCopiedBody = 32 * 1024
    /// Over TLS, larger bodies are written in pieces of this size, since the TLS handler keeps a buffer of the size of the
    /// largest write.
    private static let maxTLSPiece = 16 * 1024

    init(listener: ListenerContext, loop: LoopConnections, peer: PeerAddress?, refusal: Rejection?) {
        self.listener = listener
        self.loop = loop
        self.peer = peer
        self.refusal = refusal
        state = ConnectionState(
            limits: refusal == nil ? listener.limits : listener.limits.forRefusedConnections, openedAt: .now())
    }

    var idleSince: NIODeadline? { state.idleSince }
    var ignoresInput: Bool { state.ignoresInput }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
        socket = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    /// Releases everything, once.
    private func end() {
        state.closed()
        guard index >= 0 else { return }
        loop.remove(self)
        incoming?.abort()
        incoming = nil
        while let request = queue?.popFirst() { request.abort() }
        queue = nil
        listener.table.addHeldBytes(memory.release())
        listener.table.remove(peer: peer, wasRefused: refusal != nil)
    }

    func read(context: ChannelHandlerContext) {
        if state.mayRead {
            context.read()
        } else {
            isReadPending = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): headReceived(head, context)
        case .body(let bytes): bodyReceived(bytes, context)
        case .end: endReceived(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        flush(context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow:
            perform(state.inputFailed(.headersTooLarge(limit: listener.limits.maxHeaderBytes)), context)
        case is HTTPParserError:
            perform(state.inputFailed(.malformed("The request is not valid HTTP/1.1.")), context)
        default:
            // The socket or TLS has failed, so no response can be sent.
            closeSocket(context)
        }
        flush(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: perform(state.inputClosed(), context)
        case TLSUserEvent.handshakeCompleted:
            state.handshakeEnded(at: .now())
            memory.isEncrypted = true
            setHandshakeBytes(0)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: Events from the socket, the decoder and the event loop

    /// Called when the connection begins with a TLS handshake.
    func beginsWithTLS(_ socket: SocketHandler) {
        self.socket = socket
        state.handshakeBegan(at: .now())
    }

    /// Called when bytes have been received, before they are decoded.
    func bytesReceived(_ count: Int) {
        guard let context else { return }
        // Another read may use the same memory.
        lastBodyEnd = nil
        perform(state.bytesReceived(count, at: .now()), context)
    }

    /// Called when the decoder holds the beginning of another request.
    func nextRequestBegins() {
        guard let context else { return }
        perform(state.bytesReceived(0, at: .now()), context)
    }

    /// Returns whether the decoder has stopped after a request and must be replaced, and resets this state.
    func takeDecoderStop() -> Bool {
        defer { decoderHasStopped = false }
        return decoderHasStopped
    }

    /// Sets the estimated memory of the TLS handshake.
    /// - Returns: false if that exceeded the memory budget and the connection was closed
    @discardableResult
    func setHandshakeBytes(_ bytes: Int) -> Bool {
        guard let context, !state.isClosed else { return false }
        memory.handshakeBytes = bytes
        guard !updateMemory() else { return true }
        closeSocket(context)
        return false
    }

    /// Called when a read has been decoded.
    /// - Parameter undecodedBytes: the bytes that were left over
    func decodingEnded(undecodedBytes: Int) {
        guard let context, !state.isClosed else { return }
        memory.undecodedBytes = undecodedBytes
        // Requests that were answered at once are not held.
        guard !updateMemory(), memory.heldBytes > 0 else { return }
        perform(state.inputFailed(.outOfMemoryBudget), context)
    }

    func tick(at now: NIODeadline) {
        guard let context else { return }
        if state.unsentBytes > 0, let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes), unsent > 0 {
            // A client that reads a large response slowly still makes progress.
            _ = state.unsent(unsent, at: now)
            updateMemory()
        }
        perform(state.tick(at: now), context)
        flush(context)
    }

    func drain(at now: NIODeadline) {
        state.drain(at: now)
    }

    /// Closes the connection if it is idle.
    func closeIfIdle() {
        guard state.idleSince != nil else { return }
        close()
    }

    /// Closes the connection at once.
    func close() {
        guard let context else { return }
        closeSocket(context)
    }

    // MARK: Requests

    private func headReceived(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard !state.ignoresInput else { return }
        decoderHasStopped = false
        refusesHEAD = head.method == .HEAD
        if let refusal { return perform(state.headRefused(refusal), context) }
        let check: HeadCheck
        do {
            check = try HeadCheck(head, limits: listener.limits)
        } catch {
            return perform(state.headRefused(error.rejection), context)
        }
        let date = listener.now()
        let request = RequestHead(
            method: head.method, target: head.uri, fields: head.headers, peer: peer, date: date, received: .now())
        let endpoint = listener.responder.endpoint(for: request)
        let action = state.headReceived(
            isLast: check.persistence == .closes, contentLength: check.contentLength, maxBody: endpoint.maxBytes,
            isStream: endpoint.isStream, expectsContinue: check.expectsContinue, at: request.received)
        switch action {
        case .proceed, .sendContinue: break
        case .reject(let rejection): return reject(rejection, head: request, context)
        default: return perform(action, context)
        }
        refusesHEAD = false
        decoderStops = check.persistence == .persistsAfterOffer
        incoming = IncomingRequest(
            head: request, endpoint: endpoint, contentLength: check.contentLength, headBytes: head.estimatedBytes)
        if action == .sendContinue {
            if let response = endpoint.refusal(request) { return refuseBody(response, context) }
            var buffer = context.channel.allocator.buffer(capacity: 32)
            buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        }
        if case .stream(_, let open) = endpoint.body { incoming?.receiver = open(request) }
    }

    private func bodyReceived(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let action = state.bodyReceived(bytes.readableBytes)
        guard action == .proceed else { return perform(action, context) }
        bytes.withUnsafeReadableBytes {
            lastBodyEnd = $0.baseAddress.map { $0 + bytes.readableBytes }.map { UnsafeRawPointer($0) }
        }
        if let receiver = incoming?.receiver {
            guard incoming?.early == nil, let response = receiver.received(bytes) else { return }
            incoming?.early = response
            writeEarlyResponse(context)
            return
        }
        incoming?.append(bytes)
    }

    private func endReceived(_ context: ChannelHandlerContext) {
        let action = state.endReceived(at: .now())
        decoderHasStopped = decoderStops
        decoderStops = false
        guard let request = incoming else { return perform(action, context) }
        switch action {
        case .answer:
            incoming = nil
            answer(request, context)
        case .enqueue:
            incoming = nil
            if queue == nil { queue = CircularBuffer(initialCapacity: 4) }
            queue?.append(request)
            memory.queuedBytes += request.bytes
        case .drop, .proceed, .sendContinue, .reject, .linger, .close:
            perform(action, context)
        }
    }

    // MARK: Responses

    private func answer(_ request: IncomingRequest, _ context: ChannelHandlerContext) {
        state.answerBegan()
        if let receiver = request.receiver {
            let isHead = request.head.method == .HEAD
            guard let early = request.early else { return write(receiver.ended(), isHead: isHead, context) }
            receiver.aborted()
            return write(early, isHead: isHead, context)
        }
        guard case .whole(_, let respond) = request.endpoint.body else { return closeSocket(context) }
        switch respond(Request(head: request.head, body: request.body)) {
        case .now(let response):
            write(response, isHead: request.head.method == .HEAD, context)
        case .later(let begin):
            let isHead = request.head.method == .HEAD
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            begin(context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
                handler.value.responseCompleted(result, isHead: isHead)
            }
        }
    }

    private func responseCompleted(_ result: Result<Response, any Error>, isHead: Bool) {
        guard let context, !state.isClosed else {
            if case .success(let response) = result { response.discard() }
            return
        }
        guard case .success(let response) = result else { return closeSocket(context) }
        write(response, isHead: isHead, context)
        flush(context)
    }

    /// Writes the final response to a request that waits for `100 Continue`, and closes, since the client may or may not send the
    /// body (RFC 9110, section 10.1.1).
    private func refuseBody(_ response: Response, _ context: ChannelHandlerContext) {
        let isHead = incoming?.head.method == .HEAD
        incoming = nil
        writeBytes(response, isHead: isHead, closes: true, context)
        flush(context)
        perform(state.rejectionWritten(at: .now()), context)
    }

    /// Writes the early response to a stream, unless earlier requests are still unanswered.
    private func writeEarlyResponse(_ context: ChannelHandlerContext) {
        guard state.mayAnswerEarly, let response = incoming?.early else { return }
        let isHead = incoming?.head.method == .HEAD
        incoming?.early = nil
        write(response, isHead: isHead, context)
        flush(context)
    }

    private func write(_ response: Response, isHead: Bool, _ context: ChannelHandlerContext) {
        let closes = state.closesAfterResponse
        writeBytes(response, isHead: isHead, closes: closes, context)
        let now = NIODeadline.now()
        if closes { flush(context) }
        perform(state.responseWritten(at: now), context)
        answerQueue(context)
    }

    private func reject(_ rejection: Rejection, head: RequestHead?, _ context: ChannelHandlerContext) {
        incoming?.abort()
        let head = head ?? incoming?.head
        let isHead = head?.method == .HEAD || head == nil && refusesHEAD
        incoming = nil
        let response = listener.responder.response(to: refusal ?? rejection, head: head, peer: peer, at: listener.now())
        writeBytes(response, isHead: isHead, closes: true, context)
        flush(context)
        perform(state.rejectionWritten(at: .now()), context)
    }

    private func writeBytes(_ response: Response, isHead: Bool, closes: Bool, _ context: ChannelHandlerContext) {
        let length = response.contentLength
        let isCopied = length <= Self.maxCopiedBody
        var buffer = context.channel.allocator.buffer(
            capacity: response.shared.encoded.count + response.fields.encoded.count + 160 + (isCopied && !isHead ? length : 0))
        loop.encoder.write(response, at: listener.now().timeIntervalSince1970, closes: closes, to: &buffer)
        var rest: IOData?
        var file: ResponseFile?
        switch response.body {
        case .none: break
        case .bytes(let bytes):
            if isHead { break }
            if isCopied {
                buffer.writeBytes(bytes)
            } else {
                rest = .byteBuffer(ByteBuffer(bytes: bytes))
            }
        case .buffer(let bytes):
            if isHead { break }
            if isCopied {
                buffer.writeImmutableBuffer(bytes)
            } else {
                rest = .byteBuffer(bytes)
            }
        case .file(let opened):
            if isHead {
                opened.close()
            } else {
                file = opened
                rest = .fileRegion(opened.region)
            }
        }
        unflushedBytes += buffer.readableBytes + (rest?.readableBytes ?? 0)
        memory.writtenBytes += buffer.storageCapacity
        // Shared buffers and files take no memory of this connection.
        if case .bytes = response.body, case .byteBuffer(let bytes)? = rest { memory.writtenBytes += bytes.storageCapacity }
        context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        guard let rest else { return }
        if socket != nil, case .byteBuffer(var bytes) = rest {
            while let piece = bytes.readSlice(length: min(Self.maxTLSPiece, bytes.readableBytes)), piece.readableBytes > 0 {
                context.writeAndFlush(wrapOutboundOut(.byteBuffer(piece)), promise: nil)
            }
        } else if let file {
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.whenComplete { _ in file.close() }
            context.write(wrapOutboundOut(rest), promise: written)
        } else {
            context.write(wrapOutboundOut(rest), promise: nil)
        }
    }

    /// Answers queued requests until a response has to wait.
    private func answerQueue(_ context: ChannelHandlerContext) {
        // Each response calls this method again. A loop avoids recursion, since there may be hundreds of requests.
        guard !isAnsweringQueue else { return }
        isAnsweringQueue = true
        while true {
            if unflushedBytes >= Self.flushThreshold { flush(context) }
            guard state.mayAnswer, let request = queue?.popFirst() else { break }
            memory.queuedBytes -= request.bytes
            updateMemory()
            answer(request, context)
        }
        writeEarlyResponse(context)
        isAnsweringQueue = false
        resumeReading(context)
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard unflushedBytes > 0, !state.isClosed else { return }
        unflushedBytes = 0
        context.flush()
        guard let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes), unsent > 0 else {
            memory.writtenBytes = 0
            return
        }
        _ = state.unsent(unsent, at: .now())
        guard updateMemory() else { return closeSocket(context) }
        waitForUnsent(context)
    }

    /// Calls ``allSent()`` when everything was sent: an empty write completes after all earlier ones.
    private func waitForUnsent(_ context: ChannelHandlerContext) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        pendingEmptyWrites += 1
        sent.futureResult.whenSuccess { handler.value.allSent() }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: sent)
    }

    private func allSent() {
        pendingEmptyWrites -= 1
        // More has been written since.
        guard pendingEmptyWrites == 0 else { return }
        guard let context, !state.isClosed else { return }
        let action = state.unsent(0, at: .now())
        memory.writtenBytes = 0
        updateMemory()
        perform(action, context)
        if state.isLingering { closeOutput(context) }
        answerQueue(context)
        flush(context)
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard isReadPending, state.mayRead else { return }
        isReadPending = false
        context.read()
    }

    // MARK: Actions

    private func perform(_ action: ConnectionState.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .proceed, .sendContinue, .answer, .enqueue, .drop:
            break
        case .reject(let rejection):
            reject(rejection, head: nil, context)
        case .linger:
            incoming?.abort()
            incoming = nil
            memory.undecodedBytes = 0
            updateMemory(enforcesBudget: false)
            closeOutput(context)
            resumeReading(context)
        case .close:
            closeSocket(context)
        }
    }

    /// Closes the output if everything was sent. If the other side has closed, NIO closes both directions and loses unsent bytes.
    private func closeOutput(_ context: ChannelHandlerContext) {
        if state.unsentBytes == 0 { context.close(mode: .output, promise: nil) }
    }

    private func closeSocket(_ context: ChannelHandlerContext) {
        // Before the socket closes, so that another connection can be admitted at once.
        end()
        if let socket {
            socket.close()
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: Memory

    /// Whether the connection has held memory without interruption since the given period began.
    func holdsMemory(since period: Int) -> Bool { memory.heldBytes > 0 && memory.period == period }

    /// Gives up the request being read, or the whole connection, to release memory.
    func releaseMemory() {
        guard let context else { return }
        let action = state.memoryExhausted()
        if action != .close { incoming?.body = ByteBuffer() }
        perform(action, context)
        if action != .close { updateMemory() }
    }

    /// Counts the memory of this connection in the budget of the listener.
    /// - Parameter enforcesBudget: whether connections give up memory if all together hold too much
    /// - Returns: false if this connection must give up its memory
    @discardableResult
    private func updateMemory(enforcesBudget: Bool = true) -> Bool {
        let period = memory.period
        let change = memory.update(
            headBytes: state.unfinishedHeadBytes, requestBytes: incoming?.bytes ?? 0, hasUnsentBytes: state.unsentBytes > 0,
            isLingering: state.isLingering)
        guard change != 0 else { return true }
        if memory.period != period { loop.beginsToHold(self, period: memory.period) }
        let total = listener.table.addHeldBytes(change)
        guard change > 0, enforcesBudget else { return true }
        return total <= listener.limits.maxHeldBytes || loop.enforceBudget(of: listener, for: self)
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}

extension Response {
    /// Releases a response that will not be written.
    func discard() {
        if case .file(let file) = body { file.close() }
    }
}

extension ConnectionLimits {
    /// For a connection whose requests are refused.
    fileprivate var forRefusedConnections: ConnectionLimits {
        var limits = self
        limits.requestTimeout = min(requestTimeout, .seconds(2))
        limits.idleTimeout = min(idleTimeout, .seconds(2))
        return limits
    }
}
