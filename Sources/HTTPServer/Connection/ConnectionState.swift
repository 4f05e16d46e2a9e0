// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What one connection does next: a pure state machine without channel, timer or clock.
///
/// Its handler tells it what happens and does what it answers. Requests are answered one after the other: the handler queues
/// those that are pipelined behind one that has no response yet, and reads nothing more meanwhile.
///
/// One deadline covers a whole request, from its first byte to its last, so that neither a trickled head nor a dripped body
/// can hold a connection: each byte moves an idle deadline, no byte moves this one. It begins anew where responses had to leave
/// before the request could be read on.
package struct ConnectionState {
    package enum Action: Equatable {
        /// Go on: take the part, read on, or answer the next request.
        case proceed
        /// Take the head, and write `100 Continue` first.
        case sendContinue
        /// The request is whole, and it is its turn.
        case answer
        /// The request is whole; others are answered first.
        case enqueue
        /// Do nothing: what came is of no consequence.
        case drop
        /// Write the response to this, then call ``rejectionWritten(at:)``.
        case reject(Rejection)
        /// Close the output once all has been sent, drop what still comes, and wait for ``tick(at:)`` to hang up.
        case linger
        /// Close the socket at once.
        case hangUp
    }

    /// How far the request that is being read has come.
    private enum Input: Equatable {
        /// Nothing of a request has come.
        case between
        /// Bytes of a head have come.
        case head(since: NIODeadline)
        /// The head is whole.
        case body(since: NIODeadline, isStream: Bool)
        /// Whatever comes is dropped.
        case ended
    }

    private enum Output: Equatable {
        case open
        /// The last response was written. Input is dropped until it has been sent and this instant has come, then the socket is
        /// closed.
        case lingering(until: NIODeadline)
        case closed
    }

    private let limits: ConnectionLimits
    private var input = Input.between
    private var output = Output.open
    /// Requests whose heads were taken and whose responses are not written yet.
    private var owed = 0
    /// A streamed request got its response before its end; the rest of its body is dropped.
    private var isAnsweredEarly = false
    /// The request being read, or the last one, asked for the connection to be closed.
    private var isLast = false
    /// A rejection found while earlier requests are owed their responses: its own comes after them.
    private var pending: Rejection?
    /// Bytes that were written and wait in the process for a peer that does not read.
    private var unsentBytes = 0
    private var inputIsClosed = false
    /// When something last went forward: a request was read, a response written, unsent bytes sent.
    private var lastProgress: NIODeadline
    private var drainingSince: NIODeadline?
    /// Of the request being read: bytes on the wire, bytes of its body, and the most of each.
    private var wireBytes = 0
    private var bodyBytes = 0
    private var maxBody = 0

    package init(limits: ConnectionLimits, openedAt now: NIODeadline) {
        self.limits = limits
        lastProgress = now
    }

    // MARK: What the handler may ask

    /// Whether what still comes is of no consequence.
    package var ignoresInput: Bool { input == .ended }

    /// Whether more may be read from the socket. Not while a response is owed or waits to be sent, for what a client sends on
    /// would only pile up; but a closing connection reads, and drops.
    package var mayRead: Bool {
        switch output {
        case .lingering: true
        case .closed: false
        case .open: unsentBytes == 0 && (owed == 0 || owed == 1 && isReadingBody)
        }
    }

    /// Whether a request that is whole may be answered now.
    package var mayAnswer: Bool { output == .open && unsentBytes == 0 }

    /// Whether the request whose body is being read may be answered now: no other is owed a response.
    package var mayAnswerEarly: Bool { mayAnswer && owed == 1 && isReadingBody && !isAnsweredEarly }

    /// Since when nothing is under way; nil while something is.
    package var idleSince: NIODeadline? {
        input == .between && output == .open && owed == 0 && unsentBytes == 0 ? lastProgress : nil
    }

    /// Whether the next response closes the connection: it is for the last request, or the service stops and nothing follows.
    package var closesAfterResponse: Bool {
        guard owed == 1, pending == nil else { return false }
        switch input {
        case .ended: return true
        case .between: return drainingSince != nil
        // Only a streamed request is answered before its end, and the rest of it cannot be waited for.
        case .body: return true
        case .head: return false
        }
    }

    package var isClosed: Bool { output == .closed }

    /// Whether the last response was written, and the other side may still send.
    package var isLingering: Bool {
        if case .lingering = output { return true }
        return false
    }

    /// Bytes on the wire of a head that is not whole.
    package var unfinishedHeadBytes: Int {
        if case .head = input { return wireBytes }
        return 0
    }

    // MARK: Input

    /// Bytes came, of whatever meaning.
    /// - Returns: `proceed`, `reject`, `drop` or `hangUp`
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
            return fail(.malformed("The body is framed with far more bytes than it holds."))
        case .ended:
            return .drop
        }
    }

    /// The connection begins with a TLS handshake, which has as long as a request.
    package mutating func handshakeBegan(at now: NIODeadline) {
        input = .head(since: now)
        wireBytes = 0
    }

    /// The TLS handshake is over.
    package mutating func handshakeEnded(at now: NIODeadline) {
        guard case .head = input, wireBytes == 0 else { return }
        input = .between
        lastProgress = now
    }

    /// A well-formed head is whole.
    /// - Parameters:
    ///   - isLast: the client asks for the connection to be closed, or cannot keep it
    ///   - contentLength: nil where it is not said
    ///   - maxBody: the largest body that its route takes, in bytes
    ///   - isStream: its route takes the body as it comes
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
            // It came behind another one in the same read: how many of those bytes are its own is not known.
            wireBytes = 0
        case .body, .ended: return .drop
        }
        if let contentLength, contentLength > maxBody { return fail(.bodyTooLarge(limit: maxBody)) }
        input = .body(since: began, isStream: isStream)
        bodyBytes = 0
        self.maxBody = maxBody
        self.isLast = isLast
        owed += 1
        lastProgress = now
        // While other responses are owed a 100 would be read as one of theirs.
        return expectsContinue && owed == 1 && contentLength != 0 ? .sendContinue : .proceed
    }

    /// A head that is no good: nothing that follows it can be trusted.
    /// - Returns: `reject` or `drop`
    package mutating func headRefused(_ rejection: Rejection) -> Action {
        input == .ended ? .drop : fail(rejection)
    }

    /// A piece of the body came.
    /// - Returns: `proceed`, `reject`, `drop` or `hangUp`
    package mutating func bodyReceived(_ count: Int) -> Action {
        guard case .body = input else { return .drop }
        bodyBytes += count
        guard bodyBytes <= maxBody else { return fail(.bodyTooLarge(limit: maxBody)) }
        return isAnsweredEarly ? .drop : .proceed
    }

    /// The request being read is whole.
    /// - Returns: `answer`, `enqueue`, `linger` or `drop`
    package mutating func endReceived(at now: NIODeadline) -> Action {
        guard case .body = input else { return .drop }
        lastProgress = now
        if isAnsweredEarly { return linger(at: now) }
        input = isLast ? .ended : .between
        return owed == 1 && mayAnswer ? .answer : .enqueue
    }

    /// What came is not HTTP/1, or was cut off, or is more than the connection may hold.
    /// - Returns: `reject`, `drop` or `hangUp`
    package mutating func inputFailed(_ rejection: Rejection) -> Action {
        input == .ended ? .drop : fail(rejection)
    }

    /// The peer will send nothing more. Call ``inputFailed(_:)`` before where it has cut a request off.
    /// - Returns: `proceed` or `hangUp`
    package mutating func inputClosed() -> Action {
        inputIsClosed = true
        if output == .open, owed > 0 || unsentBytes > 0 {
            isLast = true
            // Nothing was cut off, so bytes that came were no request: the end of TLS, or an empty line.
            if !isReadingBody { input = .ended }
            return .proceed
        }
        return unsentBytes > 0 ? .proceed : hangUp()
    }

    // MARK: Output

    /// A response has been written. Ask ``closesAfterResponse`` before.
    /// - Returns: `proceed`, `reject`, `linger`, `hangUp`, or `drop` for the rest of the body
    package mutating func responseWritten(at now: NIODeadline) -> Action {
        guard output != .closed else { return .drop }
        let closes = closesAfterResponse
        lastProgress = now
        owed -= 1
        if owed == 0, isReadingBody {
            isAnsweredEarly = true
            return .drop
        }
        if closes { return linger(at: now) }
        if owed == 0, let pending {
            self.pending = nil
            return .reject(pending)
        }
        readOn(at: now)
        return .proceed
    }

    /// The response to a rejection has been written.
    /// - Returns: `linger`, `hangUp` or `drop`
    package mutating func rejectionWritten(at now: NIODeadline) -> Action {
        linger(at: now)
    }

    /// How much of what was written waits in the process.
    /// - Returns: `proceed`, or `hangUp` where that was all and the peer has closed too
    package mutating func unsent(_ bytes: Int, at now: NIODeadline) -> Action {
        guard output != .closed else { return .hangUp }
        guard bytes != unsentBytes else { return .proceed }
        lastProgress = now
        unsentBytes = bytes
        guard bytes == 0 else { return .proceed }
        if inputIsClosed, output != .open || owed == 0 && input == .ended { return hangUp() }
        if isLingering { output = .lingering(until: now + limits.lingerTime) }
        readOn(at: now)
        return .proceed
    }

    /// The socket is closed, by either side.
    package mutating func closed() {
        _ = hangUp()
    }

    /// The service stops: finish what runs, wait for nothing else.
    package mutating func drain(at now: NIODeadline) {
        if drainingSince == nil { drainingSince = now }
    }

    // MARK: Time

    /// What is due at `now`.
    /// - Returns: `proceed` where nothing is; `reject`, `linger` or `hangUp`
    package mutating func tick(at now: NIODeadline) -> Action {
        guard now >= deadline else { return .proceed }
        guard output == .open, unsentBytes == 0, owed == 0 || isReadingOnlyOwed else { return hangUp() }
        switch input {
        case .between: return linger(at: now)
        case .head: return fail(.timedOut(limits.requestTimeout))
        case .body(_, let isStream): return fail(.timedOut(isStream ? limits.streamTimeout : limits.requestTimeout))
        case .ended: return hangUp()
        }
    }

    /// When something is due. It moves as things happen.
    package var deadline: NIODeadline {
        if case .lingering(let until) = output, unsentBytes == 0 { return until }
        guard unsentBytes == 0, owed == 0 || isReadingOnlyOwed else { return lastProgress + limits.responseTimeout }
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

    // MARK: Parts

    private var isReadingBody: Bool {
        if case .body = input { return true }
        return false
    }

    /// The only response that is owed is for the request that is still being read.
    private var isReadingOnlyOwed: Bool { isReadingBody && owed == 1 }

    /// What was being read could not go on while responses had to leave: its time begins anew.
    private mutating func readOn(at now: NIODeadline) {
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
        // The request at fault has had its response.
        if wasReadingBody, isAnsweredEarly { return hangUp() }
        if wasReadingBody { owed -= 1 }
        guard owed == 0 else {
            pending = rejection
            return .drop
        }
        return .reject(rejection)
    }

    private mutating func linger(at now: NIODeadline) -> Action {
        guard output != .closed else { return .drop }
        input = .ended
        if inputIsClosed, unsentBytes == 0 { return hangUp() }
        if output == .open { output = .lingering(until: now + limits.lingerTime) }
        return .linger
    }

    private mutating func hangUp() -> Action {
        input = .ended
        output = .closed
        unsentBytes = 0
        return .hangUp
    }
}

extension Rejection {
    fileprivate static func timedOut(_ time: TimeAmount) -> Rejection {
        .timedOut(seconds: Int(time.nanoseconds / 1_000_000_000))
    }
}
