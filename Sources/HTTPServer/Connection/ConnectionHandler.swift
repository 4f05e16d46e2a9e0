// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOTLS

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Runs one connection: tells its ``ConnectionState`` what happens, does what that says, and hands each whole request to its
/// endpoint. From the read that completes a request to the write of its response nothing waits.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = IOData

    private let listener: ListenerContext
    private let loop: LoopConnections
    private let peer: PeerAddress?
    private var state: ConnectionState
    /// What is answered to anything on this connection: there were too many when it came.
    private let refusal: Rejection?
    private var context: ChannelHandlerContext?
    /// Closes the socket itself, past TLS; nil on a plain connection.
    private var socket: SocketHandler?
    private var isHandshaking = false

    private var incoming: Incoming?
    /// Whole requests that wait for their turn; nil where none has yet, for a buffer takes kilobytes.
    private var queue: CircularBuffer<Incoming>?
    private var isAnswering = false
    private var isAnsweringQueue = false
    private var holdsBackRead = false
    private var unflushedBytes = 0
    /// What this connection counts for in the budget of all.
    private var heldBytes = 0
    /// Counts the times at which it began to hold something.
    private var holdTurn = 0
    private var queuedBytes = 0
    private var undecodedBytes = 0
    private var handshakeBytes = 0
    private var unsentBytes = 0
    /// What was written since all was sent, as buffers take it: one is kept whole until its last byte is sent.
    private var writtenBytes = 0
    private var decoderStops = false
    private var decoderHasStopped = false
    /// A request that is refused by its head was HEAD.
    private var refusesHEAD = false
    /// How many empty writes tell when all before them was sent.
    private var unsentWaits = 0
    /// Where the last piece of a body of this read ended in memory; says whether a read went on behind it.
    private(set) var lastBodyEnd: UnsafeRawPointer?
    /// Its place among the connections of its event loop; `LoopConnections` keeps it.
    var index = -1

    /// A request on its way in.
    private struct Incoming {
        let head: RequestHead
        let endpoint: Endpoint
        let contentLength: Int?
        var body = ByteBuffer()
        var receiver: (any BodyReceiver)?
        /// What the receiver answered before the end of the body, until it is this request's turn.
        var early: Response?
        /// About what the head takes in memory.
        let headBytes: Int

        var bytes: Int { headBytes + body.storageCapacity }

        /// The request will have no response from its endpoint.
        func abort() {
            receiver?.aborted()
            early?.discard()
        }
    }

    /// Responses that are written behind one another go out together, up to so many bytes.
    private static let flushThreshold = 64 * 1024
    /// A body up to this size is copied behind its head; a larger one is written by itself.
    private static let copiedBody = 32 * 1024

    /// What an incomplete request takes in addition to its bytes: a decoder at work, read buffers; and those of TLS.
    private static let unfinishedCost = 8000
    private static let unfinishedCostOfTLS = 45_000
    /// Over TLS a large body is written in pieces: the TLS handler keeps a buffer of the largest.
    private static let pieceOverTLS = 16 * 1024

    init(listener: ListenerContext, loop: LoopConnections, peer: PeerAddress?, refusal: Rejection?) {
        self.listener = listener
        self.loop = loop
        self.peer = peer
        self.refusal = refusal
        state = ConnectionState(limits: refusal == nil ? listener.limits : listener.limits.ofRefused, openedAt: .now())
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

    /// Tidies up, once.
    private func end() {
        state.closed()
        guard index >= 0 else { return }
        loop.remove(self)
        incoming?.abort()
        incoming = nil
        while let request = queue?.popFirst() { request.abort() }
        queue = nil
        queuedBytes = 0
        undecodedBytes = 0
        unsentBytes = 0
        handshakeBytes = 0
        updateHeld()
        listener.table.closed(peer: peer, wasRefused: refusal != nil)
    }

    func read(context: ChannelHandlerContext) {
        if state.mayRead {
            context.read()
        } else {
            holdsBackRead = true
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
            hangUp(context)
        }
        flush(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: perform(state.inputClosed(), context)
        case TLSUserEvent.handshakeCompleted:
            isHandshaking = false
            state.handshakeEnded(at: .now())
            handshakeHolds(0)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    // MARK: From the socket, the decoder and the loop

    /// The connection begins with a TLS handshake.
    func beginsWithTLS(_ socket: SocketHandler) {
        self.socket = socket
        isHandshaking = true
        state.handshakeBegan(at: .now())
    }

    /// Bytes came, before anything was made of them.
    func bytesReceived(_ count: Int) {
        guard let context else { return }
        // Another read may lie at the same place.
        lastBodyEnd = nil
        perform(state.bytesReceived(count, at: .now()), context)
    }

    /// The decoder holds the beginning of a request behind the last one.
    func nextRequestBegins() {
        guard let context else { return }
        perform(state.bytesReceived(0, at: .now()), context)
    }

    /// Whether the decoder has stopped at the end of a request, and needs to be replaced; asks once.
    func takeDecoderStop() -> Bool {
        defer { decoderHasStopped = false }
        return decoderHasStopped
    }

    /// A TLS handshake takes about so many bytes until it has ended.
    /// - Returns: false where that is too much with all others, and the connection was closed
    @discardableResult
    func handshakeHolds(_ bytes: Int) -> Bool {
        guard let context else { return false }
        handshakeBytes = bytes
        guard !updateHeld() else { return true }
        hangUp(context)
        return false
    }

    /// A read was decoded, and so many bytes are left over.
    func decodingEnded(undecodedBytes: Int) {
        guard let context, !state.isClosed else { return }
        self.undecodedBytes = undecodedBytes
        // What was answered at once is not held.
        guard !updateHeld(), !state.ignoresInput, heldBytes > 0 else { return }
        perform(state.inputFailed(.outOfMemoryBudget), context)
    }

    func tick(at now: NIODeadline) {
        guard let context else { return }
        if unsentBytes > 0, let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes), unsent > 0 {
            // A large response that leaves bit by bit is no peer that does not read.
            unsentBytes = unsent
            _ = state.unsent(unsent, at: now)
            updateHeld()
        }
        perform(state.tick(at: now), context)
        flush(context)
    }

    func drain(at now: NIODeadline) {
        state.drain(at: now)
    }

    /// Closes at once where nothing is under way.
    func evict() {
        guard state.idleSince != nil else { return }
        close()
    }

    /// Closes at once, whatever is under way.
    func close() {
        guard let context else { return }
        hangUp(context)
    }

    // MARK: A request comes in

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
            isLast: check.persistence == .ends, contentLength: check.contentLength, maxBody: endpoint.maxBytes,
            isStream: endpoint.isStream, expectsContinue: check.expectsContinue, at: request.received)
        switch action {
        case .proceed, .sendContinue: break
        case .reject(let rejection): return reject(rejection, head: request, context)
        default: return perform(action, context)
        }
        refusesHEAD = false
        decoderStops = check.persistence == .goesOnBehindOffer
        incoming = Incoming(
            head: request, endpoint: endpoint, contentLength: check.contentLength, headBytes: Self.cost(of: head))
        if action == .sendContinue {
            if let response = endpoint.refusal(request) { return refuseBody(response, context) }
            var buffer = context.channel.allocator.buffer(capacity: 32)
            buffer.writeStaticString("HTTP/1.1 100 Continue\r\n\r\n")
            context.writeAndFlush(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        }
        if case .stream(_, let open) = endpoint.body { incoming?.receiver = open(request) }
    }

    /// About what a head takes in memory.
    private static func cost(of head: HTTPRequestHead) -> Int {
        head.headers.reduce(512 + head.uri.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count + 160 }
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
            answerEarly(context)
            return
        }
        if incoming?.body.readableBytes == 0, bytes.readableBytes == incoming?.contentLength {
            // Whole in one piece: the usual case.
            incoming?.body = bytes
        } else {
            // A copy: the piece would keep all that was read with it.
            var bytes = bytes
            incoming?.body.writeBuffer(&bytes)
        }
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
            queuedBytes += request.bytes
        case .drop, .proceed, .sendContinue, .reject, .linger, .hangUp:
            perform(action, context)
        }
    }

    // MARK: Responses

    private func answer(_ request: Incoming, _ context: ChannelHandlerContext) {
        if let receiver = request.receiver {
            let isHead = request.head.method == .HEAD
            guard let early = request.early else { return write(receiver.ended(), isHead: isHead, context) }
            receiver.aborted()
            return write(early, isHead: isHead, context)
        }
        guard case .whole(_, let respond) = request.endpoint.body else { return hangUp(context) }
        isAnswering = true
        switch respond(Request(head: request.head, body: request.body)) {
        case .now(let response):
            isAnswering = false
            write(response, isHead: request.head.method == .HEAD, context)
        case .later(let begin):
            let isHead = request.head.method == .HEAD
            let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
            begin(context.eventLoop).hop(to: context.eventLoop).whenComplete { result in
                handler.value.laterResponse(result, isHead: isHead)
            }
        }
    }

    private func laterResponse(_ result: Result<Response, any Error>, isHead: Bool) {
        isAnswering = false
        guard let context, !state.isClosed else {
            if case .success(let response) = result { response.discard() }
            return
        }
        guard case .success(let response) = result else { return hangUp(context) }
        write(response, isHead: isHead, context)
        flush(context)
    }

    /// Answers a request that waits for `100 Continue`, and closes: the client need not send the body.
    private func refuseBody(_ response: Response, _ context: ChannelHandlerContext) {
        let isHead = incoming?.head.method == .HEAD
        incoming = nil
        writeBytes(response, isHead: isHead, closes: true, context)
        flush(context)
        perform(state.rejectionWritten(at: .now()), context)
    }

    /// Answers a streamed request before its body has come, once earlier requests have their responses.
    private func answerEarly(_ context: ChannelHandlerContext) {
        guard state.mayAnswerEarly, let response = incoming?.early else { return }
        let isHead = incoming?.head.method == .HEAD
        incoming?.early = nil
        write(response, isHead: isHead, context)
        flush(context)
    }

    private func write(_ response: Response, isHead: Bool, _ context: ChannelHandlerContext) {
        writeBytes(response, isHead: isHead, closes: state.closesAfterResponse, context)
        let now = NIODeadline.now()
        if state.closesAfterResponse { flush(context) }
        perform(state.responseWritten(at: now), context)
        answerNext(context)
    }

    private func reject(_ rejection: Rejection, head: RequestHead?, _ context: ChannelHandlerContext) {
        // There is no way yet to say anything.
        if isHandshaking { return hangUp(context) }
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
        let isCopied = length <= Self.copiedBody
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
        writtenBytes += buffer.storageCapacity
        // What is shared or a file takes no memory of this connection's.
        if case .bytes = response.body, case .byteBuffer(let bytes)? = rest { writtenBytes += bytes.storageCapacity }
        context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: nil)
        guard let rest else { return }
        if socket != nil, case .byteBuffer(var bytes) = rest {
            while let piece = bytes.readSlice(length: min(Self.pieceOverTLS, bytes.readableBytes)), piece.readableBytes > 0 {
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

    /// Answers what is queued, as far as the peer takes the responses.
    private func answerNext(_ context: ChannelHandlerContext) {
        // Each response asks for the next one; a loop, for there may be hundreds.
        guard !isAnsweringQueue else { return }
        isAnsweringQueue = true
        while true {
            if unflushedBytes >= Self.flushThreshold { flush(context) }
            guard !isAnswering, state.mayAnswer, let request = queue?.popFirst() else { break }
            queuedBytes -= request.bytes
            updateHeld()
            answer(request, context)
        }
        if !isAnswering { answerEarly(context) }
        isAnsweringQueue = false
        readOn(context)
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard unflushedBytes > 0, !state.isClosed else { return }
        unflushedBytes = 0
        context.flush()
        guard let unsent = try? context.channel.syncOptions?.getOption(.bufferedWritableBytes), unsent > 0 else {
            writtenBytes = 0
            return
        }
        unsentBytes = unsent
        _ = state.unsent(unsent, at: .now())
        guard updateHeld() else { return hangUp(context) }
        waitForUnsent(context)
    }

    /// Learns when everything was sent: an empty write is done after all others.
    private func waitForUnsent(_ context: ChannelHandlerContext) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        unsentWaits += 1
        sent.futureResult.whenSuccess { handler.value.allSent() }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: sent)
    }

    private func allSent() {
        unsentWaits -= 1
        // Something was written behind.
        guard unsentWaits == 0 else { return }
        guard let context, !state.isClosed else { return }
        unsentBytes = 0
        writtenBytes = 0
        updateHeld()
        perform(state.unsent(0, at: .now()), context)
        if state.isLingering { closeOutput(context) }
        answerNext(context)
        flush(context)
    }

    private func readOn(_ context: ChannelHandlerContext) {
        guard holdsBackRead, state.mayRead else { return }
        holdsBackRead = false
        context.read()
    }

    // MARK: Doing what the state says

    private func perform(_ action: ConnectionState.Action, _ context: ChannelHandlerContext) {
        switch action {
        case .proceed, .sendContinue, .answer, .enqueue, .drop:
            break
        case .reject(let rejection):
            reject(rejection, head: nil, context)
        case .linger:
            incoming?.abort()
            incoming = nil
            undecodedBytes = 0
            updateHeld(makesRoom: false)
            closeOutput(context)
            readOn(context)
        case .hangUp:
            hangUp(context)
        }
    }

    /// NIO would close both ways, and lose what waits, where the other side has closed already.
    private func closeOutput(_ context: ChannelHandlerContext) {
        if unsentBytes == 0 { context.close(mode: .output, promise: nil) }
    }

    private func hangUp(_ context: ChannelHandlerContext) {
        // Before the socket closes, so that its place in the count is free at once.
        end()
        if let socket {
            socket.close()
        } else {
            context.close(promise: nil)
        }
    }

    // MARK: Memory

    /// Whether it has held something ever since that time.
    func holds(since turn: Int) -> Bool { heldBytes > 0 && holdTurn == turn }

    /// Gives up what it holds, and itself.
    private func shed() {
        guard let context else { return }
        if unsentBytes > 0 || isHandshaking || state.ignoresInput || queue?.isEmpty == false { return hangUp(context) }
        incoming?.body = ByteBuffer()
        perform(state.inputFailed(.outOfMemoryBudget), context)
        updateHeld()
    }

    /// What is held now, without what is lost between blocks of memory: about a quarter.
    private var bytesHeld: Int {
        let written = unsentBytes > 0 ? writtenBytes : 0
        // A string a field and its name: up to three times what they were on the wire.
        let unfinished = 3 * state.unfinishedHeadBytes + undecodedBytes + (incoming?.bytes ?? 0)
        let bytes = queuedBytes + written + unfinished + handshakeBytes
        // A refused connection still has its buffers while it lingers.
        guard bytes > 0 || state.isLingering else { return 0 }
        return bytes + Self.unfinishedCost + (socket != nil && !isHandshaking ? Self.unfinishedCostOfTLS : 0)
    }

    /// Brings the budget up to date. Where all connections together hold too much, those of this event loop go that have held
    /// something for the longest time.
    /// - Returns: false where this one is to go
    @discardableResult
    private func updateHeld(makesRoom: Bool = true) -> Bool {
        let held = bytesHeld * 5 / 4
        let change = held - heldBytes
        guard change != 0 else { return true }
        if heldBytes == 0 {
            holdTurn += 1
            loop.beginsToHold(self, turn: holdTurn)
        }
        heldBytes = held
        var total = listener.table.held(change)
        guard change > 0, makesRoom else { return true }
        while total > listener.limits.maxHeldBytes {
            guard let oldest = loop.popLongestHolder(), oldest !== self else { return false }
            oldest.shed()
            total = listener.table.held(0)
        }
        return true
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}

extension Response {
    /// It will not be written.
    fileprivate func discard() {
        if case .file(let file) = body { file.close() }
    }
}

extension ConnectionLimits {
    /// A connection that will be refused has a moment to send its request.
    fileprivate var ofRefused: ConnectionLimits {
        var limits = self
        limits.requestTimeout = min(requestTimeout, .seconds(2))
        limits.idleTimeout = min(idleTimeout, .seconds(2))
        return limits
    }
}
