// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PosternTestSupport
import Testing

@testable import HTTPServer

struct ConnectionStateFuzzTests {
    /// 20,000 connections, with five events or more each and five after their end.
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `random events never break an invariant`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var steps = 0
        var covered = Set<String>()
        for number in 0..<5000 {
            let own = random.next()
            var connection = RandomConnection(seed: own)
            connection.live()
            steps += connection.steps
            covered.formUnion(connection.seen)
            guard connection.failure != nil else { continue }
            connection = RandomConnection(seed: own, keepsTrace: true)
            connection.live()
            let trace = connection.trace.joined(separator: "\n")
            Issue.record("connection \(number) of seed \(seed): \(connection.failure ?? "")\n\(trace)")
            return
        }
        #expect(steps >= 75_000)
        let all: Set<String> = [
            "proceed", "sendContinue", "answer", "enqueue", "drop", "reject", "linger", "close", "refusal", "early response",
            "postponed rejection told", "all sent after close", "drained",
        ]
        #expect(covered == all)
    }
}

/// A connection with random events, and a plain model of what it may do: a list of requests and a few truths about them.
private struct RandomConnection {
    private enum Phase { case open, lingering, closed }

    private struct Taken {
        let isStream: Bool
        let isLast: Bool
        let maxBody: Int
        var isWhole = false
        var body = 0
    }

    // MARK: The model

    private var state: ConnectionState
    private let limits: ConnectionLimits
    private var random: SplitMix64
    private var now: NIODeadline
    private var phase = Phase.open
    /// Taken and not answered, in order.
    private var owed: [Taken] = []
    /// The rest of a stream that has its response.
    private var rest: Taken?
    private var headHasBegun = false
    /// Bytes of the head that has begun are no request, so the decoder does not miss the rest.
    private var headIsEmpty = false
    private var wire = 0
    private var takesNothing = false
    private var postponed: Rejection?
    private var isDraining = false
    private var isHandshaking = false
    private var isAnswering = false
    private var peerHasClosed = false
    private var unsent = 0
    private var taken = 0
    private var answered = 0
    private var rejectionsTold = 0

    // MARK: What the test reads

    private(set) var steps = 0
    private(set) var seen = Set<String>()
    private(set) var trace: [String] = []
    private(set) var failure: String?

    private let keepsTrace: Bool

    init(seed: UInt64, keepsTrace: Bool = false) {
        self.keepsTrace = keepsTrace
        random = SplitMix64(seed: seed)
        var limits = ConnectionLimits()
        limits.maxTargetBytes = 50
        limits.maxHeaderBytes = 50
        // Their order must not matter.
        limits.requestTimeout = .milliseconds(.random(in: 1...90_000, using: &random))
        limits.streamTimeout = .milliseconds(.random(in: 1...90_000, using: &random))
        limits.idleTimeout = .milliseconds(.random(in: 1...90_000, using: &random))
        limits.responseTimeout = .milliseconds(.random(in: 1...90_000, using: &random))
        limits.drainGrace = .milliseconds(.random(in: 1...9000, using: &random))
        limits.lingerTime = .milliseconds(.random(in: 1...9000, using: &random))
        self.limits = limits
        now = StateScript.start
        state = ConnectionState(limits: limits, openedAt: now)
    }

    private var isReadingBody: Bool { rest != nil || owed.last.map { !$0.isWhole } ?? false }

    private var largestLimit: TimeAmount {
        max(
            limits.requestTimeout, limits.streamTimeout, limits.idleTimeout, limits.responseTimeout, limits.drainGrace,
            limits.lingerTime)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func require(_ truth: Bool, _ what: @autoclosure () -> String) {
        if !truth, failure == nil { failure = what() }
    }

    // MARK: Its life

    mutating func live() {
        if chance(20) {
            tell(.handshakeBegan)
            isHandshaking = true
            headHasBegun = true
            headIsEmpty = true
            lookAround()
        }
        for _ in 0..<Int.random(in: 5...40, using: &random) where failure == nil && phase != .closed {
            now = now + .milliseconds(chance(90) ? .random(in: 0...50, using: &random) : .random(in: 0...20_000, using: &random))
            step()
        }
        if phase != .closed, failure == nil { end() }
        for _ in 0..<5 where failure == nil {
            now = now + .milliseconds(.random(in: 0...20_000, using: &random))
            stepAfterEnd()
        }
        require(answered + owed.count <= taken, "more responses than requests")
    }

    private mutating func step() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<12: bytes()
        case 12..<32: isReadingBody ? body() : head()
        case 32..<50: isReadingBody ? end_() : head()
        case 50..<56: isReadingBody ? body() : bytes()
        case 56..<58: fault(.inputFailed(.malformed("fuzz")), .malformed("fuzz"))
        case 58..<60:
            if !isReadingBody { fault(.headRefused(.malformed("fuzz")), .malformed("fuzz")) }
        case 60..<82: respond()
        case 82..<88: someUnsent()
        case 88..<90: closeInput()
        case 90..<91: drain()
        case 91..<92: endHandshake()
        case 92..<93: exhaustMemory()
        case 93..<94:
            now = max(now, state.deadline)
            tick()
        default: tick()
        }
    }

    /// Without any more events a connection ends, and soon.
    private mutating func end() {
        var ticks = 0
        while phase != .closed, failure == nil {
            now = max(now, state.deadline)
            tick()
            ticks += 1
            require(ticks <= 3, "lives on after \(ticks) deadlines")
        }
    }

    private mutating func stepAfterEnd() {
        let events: [StateEvent] = [
            .bytes(5), .head(), .head(length: 500), .headRefused(.malformed("fuzz")), .body(5), .body(500), .end,
            .inputFailed(.malformed("fuzz")), .memoryExhausted, .inputClosed, .rejectionWritten, .unsent(0), .unsent(5), .tick,
            .drain, .closed,
        ]
        let event = events[Int.random(in: 0..<events.count, using: &random)]
        let action = tell(event)
        switch action {
        case nil, .drop, .close: break
        case .proceed: if case .tick = event { break } else { require(false, "goes on after the end") }
        default: require(false, "\(String(describing: action)) after the end")
        }
        require(state.isClosed && state.ignoresInput && !state.mayRead && !state.mayAnswer, "lives after the end")
        require(state.idleSince == nil && !(state.deadline > now + largestLimit), "waits after the end")
    }

    // MARK: Events

    @discardableResult
    private mutating func tell(_ event: StateEvent) -> ConnectionState.Action? {
        let action = state.tell(event, at: now)
        steps += 1
        if keepsTrace { trace.append("\(now.uptimeNanoseconds / 1_000_000) \(event) -> \(action.map { "\($0)" } ?? "-")") }
        switch action {
        case nil: break
        case .proceed: seen.insert("proceed")
        case .sendContinue: seen.insert("sendContinue")
        case .answer: seen.insert("answer")
        case .enqueue: seen.insert("enqueue")
        case .drop: seen.insert("drop")
        case .reject: seen.insert("reject")
        case .linger: seen.insert("linger")
        case .close: seen.insert("close")
        }
        return action
    }

    /// Tells an event, demands its action, and looks at everything that holds at any time.
    private mutating func tell(_ event: StateEvent, _ expected: ConnectionState.Action?) {
        let action = tell(event)
        if action == .answer { beginAnswer() }
        require(action == expected, "expected \(expected.map { "\($0)" } ?? "-")")
        if action == .close { phase = .closed }
        if case .reject(let rejection) = action { answerRejection(rejection) }
        lookAround()
    }

    private mutating func lookAround() {
        let isOpen = phase == .open
        require(state.isClosed == (phase == .closed), "isClosed")
        require(state.isLingering == (phase == .lingering), "isLingering")
        require(state.ignoresInput == (takesNothing || !isOpen), "ignoresInput")
        require(!(state.deadline > now + largestLimit), "the deadline is too far away")
        require(state.mayAnswer == (isOpen && unsent == 0 && !isAnswering), "mayAnswer")
        let mayAnswerEarly = isOpen && unsent == 0 && owed.count == 1 && !owed[0].isWhole
        require(state.mayAnswerEarly == mayAnswerEarly, "mayAnswerEarly is \(!mayAnswerEarly)")
        require(state.unfinishedHeadBytes == (isOpen && headHasBegun ? wire : 0), "unfinishedHeadBytes")
        switch phase {
        case .closed: require(!state.mayRead, "reads when closed")
        case .lingering: require(state.mayRead, "does not read while it lingers")
        case .open:
            if !owed.isEmpty, !isReadingBody { require(!state.mayRead, "reads although a response is owed") }
            if unsent > 0 { require(!state.mayRead, "reads although the peer does not") }
            if owed.isEmpty, unsent == 0 { require(state.mayRead, "does not read although nothing is owed") }
            if owed.count == 1, isReadingBody, unsent == 0 { require(state.mayRead, "does not read a body") }
        }
        let isIdle = isOpen && owed.isEmpty && rest == nil && !headHasBegun && unsent == 0 && !takesNothing
        require((state.idleSince != nil) == isIdle, "idle is \(!isIdle)")
        require((state.idleSince ?? now) <= now, "idle since a time to come")
        if isOpen {
            let closes =
                owed.count == 1 && postponed == nil && (takesNothing || isReadingBody || isDraining && !headHasBegun)
            require(state.closesAfterResponse == closes, "closesAfterResponse is \(!closes)")
        }
    }

    private mutating func bytes() {
        let count = chance(95) ? Int.random(in: 0...60, using: &random) : 5000
        let current = rest ?? (isReadingBody ? owed.last : nil)
        if takesNothing || phase != .open { return tell(.bytes(count), .drop) }
        guard let current else {
            wire = headHasBegun ? wire + count : count
            headIsEmpty = (headHasBegun ? headIsEmpty : true) && count == 0
            headHasBegun = true
            return tell(.bytes(count), .proceed)
        }
        if current.isStream { return tell(.bytes(count), .proceed) }
        wire += count
        guard wire > 50 + 50 + 4096 + 8 * current.maxBody else { return tell(.bytes(count), .proceed) }
        fault(
            .bytes(count), .malformed("The chunks of the body are too small: send it in larger chunks, or with a Content-Length.")
        )
    }

    private mutating func head() {
        let length: Int? = chance(50) ? nil : Int.random(in: 0...120, using: &random)
        let request = Taken(isStream: chance(30), isLast: chance(15), maxBody: 100)
        let expects = chance(20)
        let event = StateEvent.head(
            last: request.isLast, length: length, max: request.maxBody, stream: request.isStream, expects: expects)
        if takesNothing || phase != .open { return tell(event, .drop) }
        if let length, length > 100 { return fault(event, .bodyTooLarge(limit: 100)) }
        if !headHasBegun { wire = 0 }
        headHasBegun = false
        owed.append(request)
        taken += 1
        let asks = expects && owed.count == 1 && length != 0
        tell(event, asks ? .sendContinue : .proceed)
        if asks, chance(40) {
            seen.insert("refusal")
            owed.removeLast()
            answered += 1
            takesNothing = true
            phase = peerHasClosed && unsent == 0 ? .closed : .lingering
            tell(.rejectionWritten, phase == .closed ? .close : .linger)
        }
    }

    private mutating func body() {
        let count = Int.random(in: 0...60, using: &random)
        if takesNothing || phase != .open { return tell(.body(count), .drop) }
        if var stream = rest {
            stream.body += count
            rest = stream
            guard stream.body > stream.maxBody else { return tell(.body(count), .drop) }
            return fault(.body(count), .bodyTooLarge(limit: 100))
        }
        owed[owed.count - 1].body += count
        guard owed[owed.count - 1].body > 100 else { return tell(.body(count), .proceed) }
        fault(.body(count), .bodyTooLarge(limit: 100))
    }

    private mutating func end_() {
        if takesNothing || phase != .open { return tell(.end, .drop) }
        if rest != nil {
            rest = nil
            takesNothing = true
            phase = peerHasClosed && unsent == 0 ? .closed : .lingering
            return tell(.end, phase == .closed ? .close : .linger)
        }
        owed[owed.count - 1].isWhole = true
        if owed[owed.count - 1].isLast { takesNothing = true }
        tell(.end, owed.count == 1 && unsent == 0 ? .answer : .enqueue)
    }

    private mutating func fault(_ event: StateEvent, _ rejection: Rejection) {
        if takesNothing || phase != .open { return tell(event, .drop) }
        takesNothing = true
        headHasBegun = false
        if isHandshaking { return tell(event, .close) }
        if rest != nil {
            rest = nil
            return tell(event, .close)
        }
        if isReadingBody { owed.removeLast() }
        if owed.isEmpty { return tell(event, .reject(rejection)) }
        postponed = rejection
        tell(event, event.isTick ? .close : .drop)
    }

    private mutating func answerRejection(_ rejection: Rejection) {
        rejectionsTold += 1
        require(rejectionsTold == 1, "a second rejection")
        require(owed.isEmpty, "a rejection before the responses that are owed")
        if chance(20) {
            unsent += 10
            tell(.unsent(unsent), .proceed)
        }
        phase = peerHasClosed && unsent == 0 ? .closed : .lingering
        tell(.rejectionWritten, phase == .closed ? .close : .linger)
    }

    private mutating func respond() {
        guard phase == .open, unsent == 0, let first = owed.first else { return }
        guard first.isWhole || first.isStream && owed.count == 1 else { return }
        if first.isWhole, !isAnswering { beginAnswer() }
        let closes = state.closesAfterResponse
        isAnswering = false
        owed.removeFirst()
        answered += 1
        require(answered <= taken, "more responses than requests")
        if !first.isWhole {
            seen.insert("early response")
            require(closes, "an early response that does not close")
            rest = first
            return tell(.written, .drop)
        }
        if closes {
            if isDraining { seen.insert("drained") }
            takesNothing = true
            phase = peerHasClosed ? .closed : .lingering
            return tell(.written, phase == .closed ? .close : .linger)
        }
        if owed.isEmpty, let rejection = postponed {
            seen.insert("postponed rejection told")
            postponed = nil
            return tell(.written, .reject(rejection))
        }
        tell(.written, .proceed)
    }

    private mutating func someUnsent() {
        guard phase != .closed else { return }
        let before = unsent
        unsent = chance(50) ? 0 : Int.random(in: 1...100_000, using: &random)
        let isAll = before > 0 && unsent == 0
        if isAll, peerHasClosed, phase == .lingering || takesNothing && owed.isEmpty {
            seen.insert("all sent after close")
            return tell(.unsent(0), .close)
        }
        tell(.unsent(unsent), .proceed)
    }

    private mutating func closeInput() {
        guard !peerHasClosed, phase != .closed else { return }
        // What is cut off is at fault first.
        if phase == .open, !takesNothing, isReadingBody || headHasBegun && !headIsEmpty {
            fault(.inputFailed(.malformed("cut off")), .malformed("cut off"))
            guard phase != .closed else { return }
        }
        peerHasClosed = true
        if phase == .open, !owed.isEmpty || unsent > 0 {
            takesNothing = true
            headHasBegun = false
            return tell(.inputClosed, .proceed)
        }
        if unsent > 0 { return tell(.inputClosed, .proceed) }
        tell(.inputClosed, .close)
    }

    private mutating func beginAnswer() {
        isAnswering = true
        tell(.answerBegan)
    }

    private mutating func exhaustMemory() {
        let hasQueued = owed.count { $0.isWhole } > (isAnswering ? 1 : 0)
        if unsent > 0 || hasQueued || isHandshaking || takesNothing || phase != .open { return tell(.memoryExhausted, .close) }
        fault(.memoryExhausted, .outOfMemoryBudget)
    }

    private mutating func endHandshake() {
        isHandshaking = false
        if phase == .open, headHasBegun, wire == 0 { headHasBegun = false }
        tell(.handshakeEnded, nil)
    }

    private mutating func drain() {
        isDraining = true
        tell(.drain, nil)
    }

    private mutating func tick() {
        if now < state.deadline { return tell(.tick, .proceed) }
        let isReadingOnlyOwed = owed.count == 1 && isReadingBody
        if phase != .open || unsent > 0 || !owed.isEmpty && !isReadingOnlyOwed || takesNothing { return tell(.tick, .close) }
        if let current = rest ?? (isReadingBody ? owed.last : nil) {
            return fault(.tick, .timedOut(seconds: (current.isStream ? limits.streamTimeout : limits.requestTimeout).seconds))
        }
        if headHasBegun { return fault(.tick, .timedOut(seconds: limits.requestTimeout.seconds)) }
        takesNothing = true
        phase = .lingering
        tell(.tick, .linger)
    }
}

extension StateEvent {
    fileprivate var isTick: Bool {
        if case .tick = self { return true }
        return false
    }
}

extension TimeAmount {
    fileprivate var seconds: Int { Int(nanoseconds / 1_000_000_000) }
}
