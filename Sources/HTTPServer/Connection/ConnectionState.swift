// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The state machine of one HTTP/1.1 connection, without a channel, a timer or a clock.
///
/// ``ConnectionHandler`` calls a method for each event and performs the action that it returns. Requests are answered in order:
/// the handler queues pipelined requests while an earlier one has no response, and stops reading.
///
/// One deadline covers a request from its first byte to its last, and further bytes do not extend it, so that a client that
/// sends a byte at a time cannot keep a connection. The deadline restarts if earlier responses had to be sent before the rest
/// of the request was read.
package struct ConnectionState {
    package enum Action: Equatable {
        /// Process the part of the request, or continue with the next request.
        case proceed
        /// Accept the head, and write `100 Continue` first.
        case sendContinue
        /// Call ``answerBegan()`` and answer the request.
        case answer
        /// Queue the request: others are answered first.
        case enqueue
        /// Ignore the input.
        case drop
        /// Write the response to the rejection, then call ``rejectionWritten(at:)``.
        case reject(Rejection)
        /// Close the output when everything has been sent, ignore further input, and wait for ``tick(at:)`` to close the socket.
        case linger
        /// Close the socket at once.
        case close
    }

    private enum Input: Equatable {
        /// No byte of the next request has been received.
        case between
        /// The head, or the TLS handshake, is incomplete.
        case head(since: NIODeadline)
        /// The head is complete, the body is not.
        case body(since: NIODeadline, isStream: Bool)
        /// All further input is ignored.
        case ended
    }

    private enum Output: Equatable {
        case open
        /// The last response was written. When it has been sent and this time has passed, the socket is closed.
        case lingering(until: NIODeadline)
        case closed
    }

    private let limits: ConnectionLimits
    private var input = Input.between
    private var output = Output.open
    private var isHandshaking = false
    /// Requests whose heads were accepted and whose responses have not been written.
    private var unanswered = 0
    /// Whether a response is being made, possibly asynchronously.
    private var isAnswering = false
    /// Whether the response to a stream was written before the stream's end. The rest of the body is then ignored.
    private var isAnsweredEarly = false
    /// Whether the request being read, or the last one read, closes the connection.
    private var isLast = false
    /// A rejection that waits for the responses to earlier requests.
    private var pendingRejection: Rejection?
    /// Bytes that were written and wait for the client to read.
    package private(set) var unsentBytes = 0
    private var inputIsClosed = false
    /// When a request was last read, a response written, or unsent bytes sent.
    private var lastProgress: NIODeadline
    private var drainingSince: NIODeadline?
    /// The request being read: its bytes on the wire, the bytes of its body, and the limit of these.
    private var wireBytes = 0
    private var bodyBytes = 0
    private var maxBody = 0

    package init(limits: ConnectionLimits, openedAt now: NIODeadline) {
        self.limits = limits
        lastProgress = now
    }

    // MARK: Queries

    /// Whether all further input is ignored.
    package var ignoresInput: Bool { input == .ended }

    /// Whether to read from the socket. Not while a response is to be made or sent, since further requests would accumulate. A
    /// closing connection reads and ignores its input.
    package var mayRead: Bool {
        switch output {
        case .lingering: true
        case .closed: false
        case .open: unsentBytes == 0 && (unanswered == 0 || unanswered == 1 && isReadingBody)
        }
    }

    /// Whether the next complete request may be answered.
    package var mayAnswer: Bool { output == .open && unsentBytes == 0 && !isAnswering }

    /// Whether the request whose body is being read may be answered.
    package var mayAnswerEarly: Bool { mayAnswer && unanswered == 1 && isReadingBody && !isAnsweredEarly }

    /// When the connection became idle; nil if it is not idle.
    package var idleSince: NIODeadline? {
        input == .between && output == .open && unanswered == 0 && unsentBytes == 0 ? lastProgress : nil
    }

    /// Whether the connection closes after the next response, because that response is to the last request or the service is
    /// stopping.
    package var closesAfterResponse: Bool {
        guard unanswered == 1, pendingRejection == nil else { return false }
        switch input {
        case .ended: return true
        case .between: return drainingSince != nil
        // An early response to a stream, whose rest is not waited for.
        case .body: return true
        case .head: return false
        }
    }

    package var isClosed: Bool { output == .closed }

    /// Whether the last response was written, and the client may still send.
    package var isLingering: Bool {
        if case .lingering = output { return true }
        return false
    }

    /// Bytes on the wire of an incomplete head.
    package var unfinishedHeadBytes: Int {
        if case .head = input { return wireBytes }
        return 0
    }

    // MARK: Input

    /// Handles bytes that have been received, before they are decoded.
    /// - Returns: `proceed`, `reject`, `drop` or `close`
    package mutating func bytesReceived(_ count: Int, at now: NIODeadline) -> Action {
        switch input {
        case .between:
            input = .head(since: now)
            wireBytes = count
            return .proceed
        case .head:
            wireBytes += count
            return .proceed
        case .body(_, isStream: true):
            lastProgress = now
            return .proceed
        case .body(_, isStream: false):
            wireBytes += count
            guard wireBytes > limits.maxWireBytes(bodyBytes: maxBody) else { return .proceed }
            return fail(.malformed("The chunks of the body are too small: send it in larger chunks, or with a Content-Length."))
        case .ended:
            return .drop
        }
    }

    /// Records that the connection begins with a TLS handshake, to which the deadline of a request applies.
    package mutating func handshakeBegan(at now: NIODeadline) {
        isHandshaking = true
        input = .head(since: now)
        wireBytes = 0
    }

    /// Records that the TLS handshake is complete.
    package mutating func handshakeEnded(at now: NIODeadline) {
        isHandshaking = false
        guard case .head = input, wireBytes == 0 else { return }
        input = .between
        lastProgress = now
    }

    /// Handles a complete, well-formed head.
    /// - Parameters:
    ///   - isLast: the request closes the connection
    ///   - contentLength: nil if the head does not declare it
    ///   - maxBody: the largest body that the endpoint accepts, in bytes
    ///   - isStream: the endpoint accepts the body in pieces
    ///   - expectsContinue: the client waits for `100 Continue`
    /// - Returns: `proceed`, `sendContinue`, `reject` or `drop`
    package mutating func headReceived(
        isLast: Bool, contentLength: Int?, maxBody: Int, isStream: Bool, expectsContinue: Bool, at now: NIODeadline
    ) -> Action {
        let began: NIODeadline
        switch input {
        case .head(let since): began = since
        case .between:
            began = now
            // It followed another request in the same read, so the number of its bytes is unknown.
            wireBytes = 0
        case .body, .ended: return .drop
        }
        if let contentLength, contentLength > maxBody { return fail(.bodyTooLarge(limit: maxBody)) }
        input = .body(since: began, isStream: isStream)
        bodyBytes = 0
        self.maxBody = maxBody
        self.isLast = isLast
        unanswered += 1
        lastProgress = now
        // Before earlier responses are sent, a 100 would be mistaken for one of them.
        return expectsContinue && unanswered == 1 && contentLength != 0 ? .sendContinue : .proceed
    }

    /// Handles a head that is refused. The input after it cannot be interpreted.
    /// - Returns: `reject` or `drop`
    package mutating func headRefused(_ rejection: Rejection) -> Action {
        input == .ended ? .drop : fail(rejection)
    }

    /// Handles a piece of the body.
    /// - Returns: `proceed`, `reject`, `drop` or `close`
    package mutating func bodyReceived(_ count: Int) -> Action {
        guard case .body = input else { return .drop }
        bodyBytes += count
        guard bodyBytes <= maxBody else { return fail(.bodyTooLarge(limit: maxBody)) }
        return isAnsweredEarly ? .drop : .proceed
    }

    /// Handles the end of the request being read.
    /// - Returns: `answer`, `enqueue`, `linger` or `drop`
    package mutating func endReceived(at now: NIODeadline) -> Action {
        guard case .body = input else { return .drop }
        lastProgress = now
        if isAnsweredEarly { return linger(at: now) }
        input = isLast ? .ended : .between
        return unanswered == 1 && mayAnswer ? .answer : .enqueue
    }

    /// Handles input that is not HTTP/1, is incomplete, or exceeds the memory budget.
    /// - Returns: `reject`, `drop` or `close`
    package mutating func inputFailed(_ rejection: Rejection) -> Action {
        input == .ended ? .drop : fail(rejection)
    }

    /// Releases memory, because all connections together hold too much and this one has held some for the longest time.
    /// - Returns: `reject` or `drop` if only the request being read is given up, else `close`
    package mutating func memoryExhausted() -> Action {
        // Requests that wait for their turn would keep their memory.
        let hasQueued = unanswered > (isReadingBody ? 1 : 0) + (isAnswering ? 1 : 0)
        if unsentBytes > 0 || hasQueued || isHandshaking || input == .ended { return close() }
        return fail(.outOfMemoryBudget)
    }

    /// Handles the end of the client's input. If a request is incomplete, call ``inputFailed(_:)`` first.
    /// - Returns: `proceed` or `close`
    package mutating func inputClosed() -> Action {
        inputIsClosed = true
        if output == .open, unanswered > 0 || unsentBytes > 0 {
            isLast = true
            // No request is incomplete, so these bytes were the end of TLS or an empty line.
            if !isReadingBody { input = .ended }
            return .proceed
        }
        return unsentBytes > 0 ? .proceed : close()
    }

    // MARK: Output

    /// Records that a response is being made. Call ``responseWritten(at:)`` when it has been written.
    package mutating func answerBegan() {
        isAnswering = true
    }

    /// Records that a response was written. Read ``closesAfterResponse`` before this call.
    /// - Returns: `proceed`, `reject`, `linger`, `close`, or `drop` for the rest of the body
    package mutating func responseWritten(at now: NIODeadline) -> Action {
        isAnswering = false
        guard output != .closed else { return .drop }
        let closes = closesAfterResponse
        lastProgress = now
        unanswered -= 1
        if unanswered == 0, isReadingBody {
            isAnsweredEarly = true
            return .drop
        }
        if closes { return linger(at: now) }
        if unanswered == 0, let rejection = pendingRejection {
            pendingRejection = nil
            return .reject(rejection)
        }
        restartDeadline(at: now)
        return .proceed
    }

    /// Records that the response to a rejection was written.
    /// - Returns: `linger`, `close` or `drop`
    package mutating func rejectionWritten(at now: NIODeadline) -> Action {
        linger(at: now)
    }

    /// Sets the number of bytes that wait for the client to read.
    /// - Returns: `proceed`, or `close` if everything was sent on a connection that both sides have finished
    package mutating func unsent(_ bytes: Int, at now: NIODeadline) -> Action {
        guard output != .closed else { return .close }
        guard bytes != unsentBytes else { return .proceed }
        lastProgress = now
        unsentBytes = bytes
        guard bytes == 0 else { return .proceed }
        if inputIsClosed, output != .open || unanswered == 0 && input == .ended { return close() }
        if isLingering { output = .lingering(until: now + limits.lingerTime) }
        restartDeadline(at: now)
        return .proceed
    }

    /// Records that the socket was closed, by either side.
    package mutating func closed() {
        _ = close()
    }

    /// Starts draining, because the service is stopping: only requests that have begun are completed.
    package mutating func drain(at now: NIODeadline) {
        if drainingSince == nil { drainingSince = now }
    }

    // MARK: Time

    /// Checks the deadline.
    /// - Returns: `proceed` before the deadline; then `reject`, `linger` or `close`
    package mutating func tick(at now: NIODeadline) -> Action {
        guard now >= deadline else { return .proceed }
        guard output == .open, unsentBytes == 0, unanswered == 0 || isReadingOnlyRequest else { return close() }
        switch input {
        case .between: return linger(at: now)
        case .head: return fail(.timedOut(limits.requestTimeout))
        case .body(_, let isStream): return fail(.timedOut(isStream ? limits.streamTimeout : limits.requestTimeout))
        case .ended: return close()
        }
    }

    /// The time at which ``tick(at:)`` acts. Events change it.
    package var deadline: NIODeadline {
        if case .lingering(let until) = output, unsentBytes == 0 { return until }
        guard unsentBytes == 0, unanswered == 0 || isReadingOnlyRequest else { return lastProgress + limits.responseTimeout }
        var due: NIODeadline
        switch input {
        case .between: due = lastProgress + limits.idleTimeout
        case .head(let since), .body(let since, isStream: false): due = since + limits.requestTimeout
        case .body(_, isStream: true): due = lastProgress + limits.streamTimeout
        case .ended: return lastProgress + limits.responseTimeout
        }
        if let drainingSince { due = min(due, drainingSince + limits.drainGrace) }
        return due
    }

    // MARK: Transitions

    private var isReadingBody: Bool {
        if case .body = input { return true }
        return false
    }

    /// The only request without a response is the one being read.
    private var isReadingOnlyRequest: Bool { isReadingBody && unanswered == 1 }

    /// Restarts the deadline of the request being read, which earlier responses have delayed.
    private mutating func restartDeadline(at now: NIODeadline) {
        guard mayRead else { return }
        switch input {
        case .head: input = .head(since: now)
        case .body(_, let isStream): input = .body(since: now, isStream: isStream)
        case .between, .ended: break
        }
    }

    private mutating func fail(_ rejection: Rejection) -> Action {
        let wasReadingBody = isReadingBody
        input = .ended
        // No response can be sent during a handshake, nor a second one to this request.
        if isHandshaking { return close() }
        if wasReadingBody, isAnsweredEarly { return close() }
        if wasReadingBody { unanswered -= 1 }
        guard unanswered == 0 else {
            pendingRejection = rejection
            return .drop
        }
        return .reject(rejection)
    }

    private mutating func linger(at now: NIODeadline) -> Action {
        guard output != .closed else { return .drop }
        input = .ended
        if inputIsClosed, unsentBytes == 0 { return close() }
        if output == .open { output = .lingering(until: now + limits.lingerTime) }
        return .linger
    }

    private mutating func close() -> Action {
        input = .ended
        output = .closed
        unsentBytes = 0
        return .close
    }
}

extension Rejection {
    fileprivate static func timedOut(_ time: TimeAmount) -> Rejection {
        .timedOut(seconds: Int(time.nanoseconds / 1_000_000_000))
    }
}
