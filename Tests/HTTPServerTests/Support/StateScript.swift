// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

/// An event of a ``ConnectionState``.
enum StateEvent: Sendable {
    case handshakeBegan
    case handshakeEnded
    case bytes(Int)
    case head(last: Bool = false, length: Int? = nil, max: Int = 100, stream: Bool = false, expects: Bool = false)
    case headRefused(Rejection)
    case body(Int)
    case end
    case inputFailed(Rejection)
    case memoryExhausted
    case inputClosed
    case answerBegan
    case written
    case rejectionWritten
    case unsent(Int)
    case closed
    case drain
    case tick
}

extension ConnectionState {
    /// - Returns: nil for an event without an action
    mutating func tell(_ event: StateEvent, at now: NIODeadline) -> Action? {
        switch event {
        case .bytes(let count): return bytesReceived(count, at: now)
        case .head(let isLast, let length, let max, let isStream, let expects):
            return headReceived(
                isLast: isLast, contentLength: length, maxBody: max, isStream: isStream, expectsContinue: expects, at: now)
        case .headRefused(let rejection): return headRefused(rejection)
        case .body(let count): return bodyReceived(count)
        case .end: return endReceived(at: now)
        case .inputFailed(let rejection): return inputFailed(rejection)
        case .memoryExhausted: return memoryExhausted()
        case .inputClosed: return inputClosed()
        case .answerBegan:
            answerBegan()
            return nil
        case .written: return responseWritten(at: now)
        case .rejectionWritten: return rejectionWritten(at: now)
        case .unsent(let bytes): return unsent(bytes, at: now)
        case .tick: return tick(at: now)
        case .handshakeBegan:
            handshakeBegan(at: now)
            return nil
        case .handshakeEnded:
            handshakeEnded(at: now)
            return nil
        case .closed:
            closed()
            return nil
        case .drain:
            drain(at: now)
            return nil
        }
    }
}

/// One line of a table: an event, the action that it must have, and what must hold afterwards.
struct StateStep: Sendable {
    enum Query: Sendable {
        case reads(Bool)
        case answers(Bool)
        case answersEarly(Bool)
        case unfinishedHead(Int)
        case closesAfterResponse(Bool)
        case ignoresInput(Bool)
        case lingers(Bool)
        case isClosed(Bool)
        /// Seconds after the beginning; nil where something is under way.
        case idleSince(Double?)
        /// The deadline, in seconds after the beginning.
        case due(Double)
    }

    enum Expected: Sendable {
        case nothing
        case proceed
        case sendContinue
        case answer
        case enqueue
        case drop
        case reject(Rejection)
        case linger
        case close

        var action: ConnectionState.Action? {
            switch self {
            case .nothing: nil
            case .proceed: .proceed
            case .sendContinue: .sendContinue
            case .answer: .answer
            case .enqueue: .enqueue
            case .drop: .drop
            case .reject(let rejection): .reject(rejection)
            case .linger: .linger
            case .close: .close
            }
        }
    }

    let seconds: Double
    let event: StateEvent
    let expected: Expected
    let queries: [Query]

    static func at(_ seconds: Double, _ event: StateEvent, _ expected: Expected, _ queries: Query...) -> StateStep {
        StateStep(seconds: seconds, event: event, expected: expected, queries: queries)
    }
}

/// What happens on one connection, told in order. The clock is a parameter: nothing here sleeps.
struct StateScript: Sendable, CustomTestStringConvertible {
    let name: String
    let steps: [StateStep]

    init(_ name: String, _ steps: StateStep...) {
        self.name = name
        self.steps = steps
    }

    /// The same after other events have happened.
    init(_ name: String, after earlier: [StateStep], _ steps: StateStep...) {
        self.name = name
        self.steps = earlier + steps
    }

    var testDescription: String { name }

    static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    static func time(_ seconds: Double) -> NIODeadline {
        start + .milliseconds(Int64((seconds * 1000).rounded()))
    }

    func run(limits: ConnectionLimits = ConnectionLimits()) {
        var state = ConnectionState(limits: limits, openedAt: Self.start)
        for (number, step) in steps.enumerated() {
            let action = state.tell(step.event, at: Self.time(step.seconds))
            let comment = Comment(rawValue: "step \(number), at \(step.seconds): \(step.event)")
            #expect(action == step.expected.action, comment)
            for query in step.queries { check(query, state, comment) }
        }
    }

    private func check(_ query: StateStep.Query, _ state: ConnectionState, _ comment: Comment) {
        switch query {
        case .reads(let expected): #expect(state.mayRead == expected, comment)
        case .answers(let expected): #expect(state.mayAnswer == expected, comment)
        case .answersEarly(let expected): #expect(state.mayAnswerEarly == expected, comment)
        case .unfinishedHead(let expected): #expect(state.unfinishedHeadBytes == expected, comment)
        case .closesAfterResponse(let expected): #expect(state.closesAfterResponse == expected, comment)
        case .lingers(let expected): #expect(state.isLingering == expected, comment)
        case .ignoresInput(let expected): #expect(state.ignoresInput == expected, comment)
        case .isClosed(let expected): #expect(state.isClosed == expected, comment)
        case .idleSince(let expected): #expect(state.idleSince == expected.map(Self.time), comment)
        case .due(let expected): #expect(state.deadline == Self.time(expected), comment)
        }
    }
}
