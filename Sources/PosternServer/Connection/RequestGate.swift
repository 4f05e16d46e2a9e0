// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import NIOCore
import NIOHTTP1

/// Guards one connection between the HTTP/1 parser and everything else: deadlines, sizes, Host, draining.
///
/// What it refuses it answers itself with a problem, and then closes the connection: after a request that is too
/// large, too slow or not HTTP, nothing that follows on the same connection can be trusted.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ConnectionLimits
    private let observer: any ConnectionObserver
    private var deadlines: ConnectionDeadlines
    /// Closes the socket at once, past TLS.
    var hangUp: () -> Void = {}
    private var timer: Scheduled<Void>?
    private var bodyBytesLeft = 0
    private var bodyLimit = 0
    private var readingBody = false
    private var answersBegun = false
    private var answersOwed = 0
    /// The request being read, or the last one, asked for the connection to be closed: what follows it counts for nothing.
    private var closesAfterAnswer = false
    /// The answer that is being written says that the connection closes.
    private var closeIsAnnounced = false
    /// A fault found while earlier requests are owed their answers: its own comes after them.
    private var pendingFault: RequestFault?
    private var isRefusing = false
    /// The request being read stops the decoder at its end.
    private var requestStopsDecoder = false
    private var decoderHasStopped = false

    init(limits: ConnectionLimits, observer: any ConnectionObserver) {
        self.limits = limits
        self.observer = observer
        self.deadlines = ConnectionDeadlines(limits: limits, openedAt: .now())
    }

    /// Whether what still comes on this connection is of no consequence.
    var ignoresInput: Bool { isRefusing || pendingFault != nil || closesAfterAnswer && !readingBody }

    /// Whether the decoder has stopped at the end of a request, and needs to be replaced; asks once.
    func takeDecoderStop() -> Bool {
        defer { decoderHasStopped = false }
        return decoderHasStopped
    }

    /// Tells the gate that bytes came, before TLS and parser.
    func bytesArrived() {
        deadlines.bytesArrived(at: .now())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        observer.connectionOpened()
        rearm(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        observer.connectionClosed()
        timer?.cancel()
        timer = nil
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !ignoresInput else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            if let fault = RequestFault(head: head, limits: limits) {
                return refuse(fault, context)
            }
            bodyLimit = limits.maxBody(target: head.uri)
            bodyBytesLeft = bodyLimit
            readingBody = true
            requestStopsDecoder = head.stopsDecoder
            decoderHasStopped = false
            answersOwed += 1
            if !head.isKeepAlive { closesAfterAnswer = true }
            if head.headers.first(name: "expect")?.lowercased() == "100-continue", answersOwed == 1 {
                context.writeAndFlush(
                    wrapOutboundOut(.head(HTTPResponseHead(version: head.version, status: .continue))), promise: nil)
            }
            context.fireChannelRead(data)
        case .body(let bytes):
            bodyBytesLeft -= bytes.readableBytes
            if bodyBytesLeft < 0 { return refuse(.bodyTooLarge(limit: bodyLimit), context) }
            context.fireChannelRead(data)
        case .end:
            readingBody = false
            decoderHasStopped = requestStopsDecoder
            deadlines.requestRead(at: .now())
            context.fireChannelRead(data)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An error after the gate has spoken, or after a request that closes, is the peer's noise; an I/O error needs no answer.
        guard !ignoresInput else { return }
        guard error is HTTPParserError else { return hangUp() }
        refuse(RequestFault(parserError: error, limits: limits), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if isRefusing, event as? ChannelEvent == .inputClosed {
            // The peer has read what there was to read.
            return hangUp()
        }
        guard event is ChannelShouldQuiesceEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        // Kept here: the framework would close idle connections at once and lose the request that is on its way.
        deadlines.drain(at: .now())
        rearm(context)
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isRefusing else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            answersBegun = true
            // Requests that came in one packet are all answered; only the last answer closes.
            if deadlines.isDraining || closesAfterAnswer, answersOwed == 1 {
                closeIsAnnounced = true
                head.headers.replaceOrAdd(name: "Connection", value: "close")
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            } else {
                context.write(data, promise: promise)
            }
        case .body:
            context.write(data, promise: promise)
        case .end:
            answersBegun = false
            answersOwed -= 1
            deadlines.answerWritten(at: .now())
            if closeIsAnnounced {
                context.writeAndFlush(data, promise: promise)
                linger(context)
            } else {
                context.write(data, promise: promise)
                if let pendingFault { refuse(pendingFault, context) }
            }
        }
    }

    // MARK: Refusing and closing

    private func refuse(_ fault: RequestFault, _ context: ChannelHandlerContext) {
        let ownAnswer = readingBody ? 1 : 0
        if answersOwed > ownAnswer { return postpone(fault, context) }
        // The request that is at fault has had its answer, or part of it.
        guard !answersBegun, answersOwed == ownAnswer else {
            isRefusing = true
            return hangUp()
        }
        let problem = fault.problem
        observer.refused(problem)
        let body = problem.json(requestID: observer.nextRequestID())
        var headers = HTTPHeaders(problem.headerFields.map { ($0.name.rawName, $0.value) })
        headers.add(name: "Content-Length", value: String(body.readableBytes))
        headers.add(name: "Connection", value: "close")
        let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: problem.code.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        linger(context)
    }

    /// Lets the answers that are owed leave first, and reads no further.
    private func postpone(_ fault: RequestFault, _ context: ChannelHandlerContext) {
        guard pendingFault == nil else { return }
        pendingFault = fault
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.responseTimeout) { self.hangUp() }
    }

    /// Stops writing, reads and drops what still comes for a moment, and closes.
    private func linger(_ context: ChannelHandlerContext) {
        isRefusing = true
        timer?.cancel()
        context.close(mode: .output, promise: nil)
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: limits.lingerTime) { self.hangUp() }
    }

    // MARK: Timer

    /// Sets the timer for the next deadline. A deadline that moves later moves no timer: the timer finds out when it fires.
    private func rearm(_ context: ChannelHandlerContext) {
        guard !isRefusing, pendingFault == nil else { return }
        let now = NIODeadline.now()
        switch deadlines.verdict(at: now) {
        case .wait(let due):
            timer?.cancel()
            // At least once a second: a request's deadline may come to stand before the one that was waited for.
            let next = min(due, now + .seconds(1))
            timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.rearm(context) }
        case .requestTimedOut:
            refuse(.timedOut(seconds: limits.requestTimeout.nanoseconds / 1_000_000_000), context)
        case .close:
            linger(context)
        }
    }
}

@available(*, unavailable)
extension RequestGate: Sendable {}
