// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What one connection owes the clock: a pure state machine without timer or channel.
///
/// One deadline covers the whole request, from its first byte to its last, so that neither a trickled header nor a
/// dripped body can hold a connection: each byte moves an idle timer, no byte moves this one.
struct ConnectionDeadlines {
    enum Verdict: Equatable {
        /// Nothing is due before this instant.
        case wait(until: NIODeadline)
        /// A request has begun and was not finished in time.
        case requestTimedOut
        /// Nothing is owed: close without a word.
        case close
    }

    private let limits: ConnectionLimits
    private var requestBegan: NIODeadline?
    private var answersOwed = 0
    private var lastEvent: NIODeadline
    private var drainBegan: NIODeadline?

    init(limits: ConnectionLimits, openedAt now: NIODeadline) {
        self.limits = limits
        self.lastEvent = now
    }

    /// Whether the server has said that it stops.
    var isDraining: Bool { drainBegan != nil }

    /// Bytes came from the peer, of whatever meaning.
    mutating func bytesArrived(at now: NIODeadline) {
        if requestBegan == nil { requestBegan = now }
    }

    /// The last part of a request was read.
    mutating func requestRead(at now: NIODeadline) {
        requestBegan = nil
        answersOwed += 1
        lastEvent = now
    }

    /// The last part of an answer was handed to the socket.
    mutating func answerWritten(at now: NIODeadline) {
        // An answer may precede the end of its request (a refusal by its head alone): then it is owed minus one.
        answersOwed -= 1
        lastEvent = now
    }

    /// The server stops: finish what runs, wait for nothing else.
    mutating func drain(at now: NIODeadline) {
        if drainBegan == nil { drainBegan = now }
    }

    /// What is due at `now`.
    func verdict(at now: NIODeadline) -> Verdict {
        let due = deadline
        guard now >= due else { return .wait(until: due) }
        return requestBegan != nil ? .requestTimedOut : .close
    }

    private var deadline: NIODeadline {
        var due: NIODeadline
        if let requestBegan {
            due = requestBegan + limits.requestTimeout
        } else if answersOwed > 0 {
            return lastEvent + limits.responseTimeout
        } else {
            due = lastEvent + limits.idleTimeout
        }
        if let drainBegan { due = min(due, drainBegan + limits.drainGrace) }
        return due
    }
}
