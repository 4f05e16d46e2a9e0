// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServer

private let malformed = Rejection.malformed("It is not HTTP.")
private let tooLarge = Rejection.bodyTooLarge(limit: 100)
private let framing = Rejection.malformed(
    "The chunks of the body are too small: send it in larger chunks, or with a Content-Length.")

/// A request without a body that came whole at one moment, and waits for its response.
private func whole(at seconds: Double, last: Bool = false, turn: StateStep.Expected = .answer) -> [StateStep] {
    [
        .at(seconds, .bytes(40), .proceed),
        .at(seconds, .head(last: last, length: 0), .proceed),
        .at(seconds, .end, turn),
    ]
}

/// A request behind another one in the same read.
private func pipelined(at seconds: Double, last: Bool = false) -> [StateStep] {
    [.at(seconds, .head(last: last, length: 0), .proceed), .at(seconds, .end, .enqueue)]
}

/// The limits are the documented defaults: 9 s for a request, 30 s for a stream, 75 s idle, 20 s for a response, 1 s to drain,
/// 1 s to linger.
struct ConnectionStateTests {
    // MARK: Times

    @Test(arguments: [
        StateScript(
            "no byte ever comes",
            .at(0, .tick, .proceed, .due(75), .idleSince(0), .reads(true), .answers(true), .ignoresInput(false)),
            .at(74.999, .tick, .proceed),
            .at(75, .tick, .linger, .due(76), .idleSince(nil), .reads(true), .answers(false), .ignoresInput(true)),
            .at(75.5, .bytes(5), .drop, .due(76)),
            .at(75.999, .tick, .proceed, .isClosed(false)),
            .at(76, .tick, .close, .isClosed(true), .reads(false))),
        StateScript(
            "the time begins anew with each response",
            after: whole(at: 10),
            .at(12, .written, .proceed, .idleSince(12), .due(87)),
            .at(86.999, .tick, .proceed),
            .at(87, .tick, .linger, .due(88))),
        StateScript(
            "a response that waits to be sent is under way",
            after: whole(at: 1),
            .at(2, .written, .proceed, .idleSince(2)),
            .at(2, .unsent(5000), .proceed, .idleSince(nil), .due(22)),
            .at(8, .unsent(0), .proceed, .idleSince(8), .due(83))),
        StateScript(
            "the beginning of a request is under way",
            .at(3, .bytes(1), .proceed, .idleSince(nil), .due(12))),
    ])
    func `an idle connection closes after the idle time`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "a trickled head",
            .at(1, .bytes(1), .proceed, .due(10)),
            .at(5, .bytes(1), .proceed, .due(10)),
            .at(9.9, .bytes(1), .proceed, .due(10)),
            .at(9.999, .tick, .proceed),
            .at(10, .tick, .reject(.timedOut(seconds: 9)), .ignoresInput(true)),
            .at(10, .rejectionWritten, .linger, .due(11)),
            .at(11, .tick, .close)),
        StateScript(
            "a dripped body",
            .at(1, .bytes(50), .proceed, .due(10)),
            .at(4, .head(length: 100), .proceed, .due(10), .reads(true)),
            .at(6, .bytes(1), .proceed),
            .at(6, .body(1), .proceed, .due(10)),
            .at(9.9, .bytes(1), .proceed),
            .at(9.9, .body(1), .proceed, .due(10)),
            .at(10, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "the head of a stream",
            .at(1, .bytes(1), .proceed, .due(10)),
            .at(9, .bytes(1), .proceed, .due(10)),
            .at(10, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "a head with no byte before it counts from itself",
            .at(3, .head(), .proceed, .due(12)),
            .at(12, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "the next request has its own time",
            after: whole(at: 1),
            .at(2, .written, .proceed),
            .at(30, .bytes(1), .proceed, .due(39)),
            .at(38.999, .tick, .proceed),
            .at(39, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "a request that began behind another one has its time from when it is read again",
            after: whole(at: 1),
            .at(1, .bytes(0), .proceed, .due(21), .reads(false)),
            .at(15, .tick, .proceed),
            .at(16, .written, .proceed, .due(25), .reads(true)),
            .at(24.999, .tick, .proceed),
            .at(25, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "so has a body that began behind another request",
            after: whole(at: 1),
            .at(1, .head(length: 50), .proceed),
            .at(1, .body(10), .proceed, .due(21), .reads(false)),
            .at(16, .written, .proceed, .due(25), .reads(true)),
            .at(20, .bytes(1), .proceed, .due(25)),
            .at(25, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "so has a request that began behind a response which waits to be sent",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(1, .bytes(0), .proceed, .due(10)),
            .at(1, .unsent(70_000), .proceed, .due(21), .reads(false)),
            .at(18, .unsent(0), .proceed, .due(27), .reads(true)),
            .at(27, .tick, .reject(.timedOut(seconds: 9)))),
    ])
    func `a request has one deadline, which no byte extends`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "it ends, and the connection is idle",
            .at(0, .handshakeBegan, .nothing, .due(9), .idleSince(nil), .reads(true), .unfinishedHead(0)),
            .at(1, .bytes(0), .proceed, .due(9)),
            .at(2, .bytes(0), .proceed, .due(9)),
            .at(3, .handshakeEnded, .nothing, .due(78), .idleSince(3)),
            .at(50, .bytes(5), .proceed, .due(59))),
        StateScript(
            "it trickles",
            .at(0, .handshakeBegan, .nothing),
            .at(8, .bytes(0), .proceed, .due(9)),
            .at(8.999, .tick, .proceed),
            .at(9, .tick, .close, .isClosed(true))),
        StateScript(
            "the client closes",
            .at(0, .handshakeBegan, .nothing),
            .at(1, .inputClosed, .close)),
        StateScript(
            "the service stops",
            .at(0, .handshakeBegan, .nothing),
            .at(1, .drain, .nothing, .due(2))),
        StateScript(
            "a request that has begun goes on",
            .at(0, .handshakeBegan, .nothing),
            .at(1, .bytes(5), .proceed),
            .at(2, .handshakeEnded, .nothing, .due(9), .idleSince(nil), .unfinishedHead(5))),
        StateScript(
            "a request that is whole goes on",
            after: whole(at: 1), .at(2, .handshakeEnded, .nothing, .due(21))),
    ])
    func `a handshake has as much time as a request`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "bytes move it",
            .at(1, .bytes(50), .proceed, .due(10)),
            .at(5, .head(stream: true), .proceed, .due(35), .reads(true)),
            .at(30, .bytes(1), .proceed, .due(60)),
            .at(30, .body(1), .proceed, .due(60)),
            .at(59, .bytes(1), .proceed, .due(89)),
            .at(88.999, .tick, .proceed),
            .at(89, .tick, .reject(.timedOut(seconds: 30)))),
        StateScript(
            "a body that goes on for long may end",
            .at(1, .bytes(50), .proceed),
            .at(1, .head(stream: true), .proceed, .due(31)),
            .at(30, .bytes(1), .proceed, .due(60)),
            .at(59, .bytes(1), .proceed, .due(89)),
            .at(60, .end, .answer, .due(80), .reads(false))),
        StateScript(
            "any number of bytes on the wire",
            .at(1, .bytes(50), .proceed),
            .at(1, .head(max: 1, stream: true), .proceed),
            .at(2, .bytes(1_000_000), .proceed, .due(32))),
    ])
    func `a streamed body has a deadline, which bytes extend`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "nothing is answered",
            after: whole(at: 2),
            .at(2, .tick, .proceed, .due(22), .reads(false), .idleSince(nil)),
            .at(21.999, .tick, .proceed),
            .at(22, .tick, .close, .isClosed(true))),
        StateScript(
            "bytes do not move it",
            after: whole(at: 2),
            .at(10, .bytes(30), .proceed, .due(22)),
            .at(12, .bytes(30), .proceed, .due(22)),
            .at(22, .tick, .close)),
        StateScript(
            "each response moves it",
            after: whole(at: 2) + pipelined(at: 2) + pipelined(at: 2),
            .at(10, .written, .proceed, .due(30)),
            .at(25, .written, .proceed, .due(45)),
            .at(45, .tick, .close)),
        StateScript(
            "the time to send a response counts, and what was sent moves it",
            after: whole(at: 2),
            .at(3, .written, .proceed, .due(78)),
            .at(3, .unsent(5000), .proceed, .due(23)),
            .at(9, .unsent(5000), .proceed, .due(23)),
            .at(10, .unsent(4000), .proceed, .due(30)),
            .at(29.999, .tick, .proceed),
            .at(30, .tick, .close)),
        StateScript(
            "also for the last request",
            after: whole(at: 2, last: true),
            .at(2, .tick, .proceed, .due(22)),
            .at(22, .tick, .close)),
        StateScript(
            "draining does not shorten it",
            after: whole(at: 2),
            .at(3, .drain, .nothing, .due(22)),
            .at(21, .tick, .proceed),
            .at(21, .written, .linger, .due(22))),
    ])
    func `a response that is not sent in time closes the connection`(_ script: StateScript) {
        script.run()
    }

    // MARK: Requests

    @Test(arguments: [
        StateScript(
            "without a body",
            .at(1, .bytes(40), .proceed, .reads(true), .unfinishedHead(40)),
            .at(1, .bytes(2), .proceed, .reads(true), .unfinishedHead(42)),
            .at(1, .head(length: 0), .proceed, .reads(true), .answers(true), .unfinishedHead(0)),
            .at(1, .end, .answer, .reads(false), .answers(true), .closesAfterResponse(false)),
            .at(2, .written, .proceed, .reads(true), .idleSince(2))),
        StateScript(
            "with a body in pieces",
            .at(1, .bytes(40), .proceed),
            .at(1, .head(length: 100), .proceed, .reads(true)),
            .at(2, .bytes(60), .proceed),
            .at(2, .body(60), .proceed, .reads(true)),
            .at(3, .bytes(40), .proceed),
            .at(3, .body(40), .proceed, .reads(true)),
            .at(3, .end, .answer, .reads(false), .closesAfterResponse(false)),
            .at(3, .written, .proceed, .idleSince(3))),
        StateScript(
            "a stream",
            .at(1, .bytes(40), .proceed),
            .at(1, .head(stream: true), .proceed, .reads(true)),
            .at(1, .body(60), .proceed),
            .at(1, .end, .answer, .reads(false), .closesAfterResponse(false)),
            .at(1, .written, .proceed, .idleSince(1))),
        StateScript(
            "one after the other",
            after: whole(at: 1) + [.at(1, .written, .proceed)] + whole(at: 2),
            .at(2, .written, .proceed, .idleSince(2), .reads(true))),
    ])
    func `a request is answered when it is complete`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "three in one read",
            after: whole(at: 1) + pipelined(at: 1) + pipelined(at: 1),
            .at(1, .tick, .proceed, .reads(false), .answers(true), .closesAfterResponse(false)),
            .at(2, .written, .proceed, .reads(false), .answers(true), .closesAfterResponse(false)),
            .at(3, .written, .proceed, .reads(false), .closesAfterResponse(false)),
            .at(4, .written, .proceed, .reads(true), .idleSince(4))),
        StateScript(
            "the last one half",
            after: whole(at: 1),
            .at(1, .head(length: 50), .proceed, .reads(false), .closesAfterResponse(false)),
            .at(1, .body(10), .proceed, .reads(false)),
            .at(2, .written, .proceed, .reads(true), .closesAfterResponse(true)),
            .at(3, .bytes(40), .proceed),
            .at(3, .body(40), .proceed),
            .at(3, .end, .answer, .reads(false), .closesAfterResponse(false)),
            .at(4, .written, .proceed, .idleSince(4))),
        StateScript(
            "a response that waits to be sent holds the next one back",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(1, .unsent(70_000), .proceed, .reads(false), .answers(false), .answersEarly(false)),
            .at(1, .head(length: 0), .proceed),
            .at(1, .end, .enqueue),
            .at(2, .unsent(0), .proceed, .answers(true), .reads(false)),
            .at(2, .written, .proceed, .reads(true))),
        StateScript(
            "the last of them closes",
            after: whole(at: 1) + pipelined(at: 1, last: true),
            .at(1, .tick, .proceed, .closesAfterResponse(false), .ignoresInput(true)),
            .at(2, .written, .proceed, .closesAfterResponse(true), .reads(false)),
            .at(3, .written, .linger, .due(4), .reads(true)),
            .at(4, .tick, .close)),
    ])
    func `pipelined requests wait for their turn`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "after the response",
            after: whole(at: 1, last: true),
            .at(1, .tick, .proceed, .ignoresInput(true), .closesAfterResponse(true), .reads(false)),
            .at(2, .written, .linger, .reads(true), .due(3), .closesAfterResponse(false)),
            .at(2.9, .bytes(100), .drop, .due(3)),
            .at(3, .tick, .close)),
        StateScript(
            "nothing behind it counts",
            after: whole(at: 1, last: true),
            .at(1, .bytes(40), .drop),
            .at(1, .head(), .drop),
            .at(1, .headRefused(malformed), .drop),
            .at(1, .body(10), .drop),
            .at(1, .end, .drop),
            .at(1, .inputFailed(malformed), .drop, .closesAfterResponse(true)),
            .at(2, .written, .linger)),
        StateScript(
            "an earlier one that stays open does not count",
            after: whole(at: 1) + [.at(1, .written, .proceed)] + whole(at: 2, last: true),
            .at(2, .written, .linger)),
    ])
    func `the last request closes the connection`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript("with a body", .at(1, .head(length: 10, expects: true), .sendContinue)),
        StateScript("with chunks", .at(1, .head(length: nil, expects: true), .sendContinue)),
        StateScript("not for an empty body", .at(1, .head(length: 0, expects: true), .proceed)),
        StateScript("not for a body that is too large", .at(1, .head(length: 101, expects: true), .reject(tooLarge))),
        StateScript("not where nobody asks", .at(1, .head(length: 10), .proceed)),
        StateScript(
            "not among the responses of others",
            after: whole(at: 1),
            .at(1, .head(length: 10, expects: true), .proceed)),
        StateScript(
            "for the second request in its turn",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(2, .head(length: 10, expects: true), .sendContinue)),
        StateScript(
            "a refusal instead of it ends the connection",
            .at(1, .bytes(50), .proceed),
            .at(1, .head(length: 10, expects: true), .sendContinue),
            .at(1, .rejectionWritten, .linger, .due(2), .ignoresInput(true), .reads(true)),
            .at(1.5, .body(10), .drop),
            .at(1.5, .end, .drop),
            .at(2, .tick, .close)),
    ])
    func `a client that expects 100 Continue gets it when its request is next`(_ script: StateScript) {
        script.run()
    }

    // MARK: Rejections

    /// A way for a request to be at fault.
    struct Fault: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What comes before, of the same request.
        var beginning: [StateStep] = []
        let event: StateEvent
        let rejection: Rejection
    }

    static let faults = [
        Fault(testDescription: "a head that is no good", event: .headRefused(malformed), rejection: malformed),
        Fault(testDescription: "Content-Length over the limit", event: .head(length: 101), rejection: tooLarge),
        Fault(testDescription: "what is not HTTP", event: .inputFailed(malformed), rejection: malformed),
        Fault(
            testDescription: "a body over the limit by its count",
            beginning: [.at(1, .head(), .proceed), .at(1, .body(100), .proceed)], event: .body(1), rejection: tooLarge),
        Fault(
            testDescription: "a streamed body over the limit",
            beginning: [.at(1, .head(stream: true), .proceed), .at(1, .body(100), .proceed)], event: .body(1),
            rejection: tooLarge),
        Fault(
            testDescription: "a chunk that is no good",
            beginning: [.at(1, .head(), .proceed), .at(1, .body(10), .proceed)], event: .inputFailed(malformed),
            rejection: malformed),
        Fault(
            testDescription: "no memory for a body",
            beginning: [.at(1, .head(), .proceed), .at(1, .body(10), .proceed)], event: .inputFailed(.outOfMemoryBudget),
            rejection: .outOfMemoryBudget),
        Fault(
            testDescription: "framing without end",
            beginning: [.at(1, .head(max: 10), .proceed), .at(1, .bytes(8192 + 16_384 + 4096 + 80), .proceed)],
            event: .bytes(1), rejection: framing),
    ]

    @Test(arguments: faults)
    func `a malformed request is rejected at once if no response is outstanding`(_ fault: Fault) {
        StateScript(
            "", after: fault.beginning,
            .at(1, fault.event, .reject(fault.rejection), .ignoresInput(true), .closesAfterResponse(false)),
            .at(1, .head(), .drop),
            .at(1, .headRefused(malformed), .drop),
            .at(1, .inputFailed(malformed), .drop),
            .at(1, .rejectionWritten, .linger, .due(2), .reads(true)),
            .at(1.5, .bytes(7), .drop),
            .at(1.5, .inputFailed(malformed), .drop),
            .at(2, .tick, .close)
        ).run()
    }

    @Test(arguments: faults)
    func `a malformed request is rejected after the outstanding responses`(_ fault: Fault) {
        StateScript(
            "", after: whole(at: 1) + pipelined(at: 1) + fault.beginning,
            .at(1, fault.event, .drop, .ignoresInput(true), .closesAfterResponse(false), .reads(false)),
            .at(1, .head(), .drop),
            .at(1, .inputFailed(.outOfMemoryBudget), .drop),
            .at(2, .written, .proceed, .closesAfterResponse(false), .reads(false), .due(22)),
            .at(3, .written, .reject(fault.rejection), .closesAfterResponse(false)),
            .at(3, .rejectionWritten, .linger, .due(4)),
            .at(4, .tick, .close)
        ).run()
    }

    @Test(arguments: faults)
    func `a waiting rejection is dropped with its connection`(_ fault: Fault) {
        StateScript(
            "", after: whole(at: 1) + fault.beginning,
            .at(1, fault.event, .drop, .due(21)),
            .at(21, .tick, .close),
            .at(21, .written, .drop),
            .at(21, .rejectionWritten, .drop, .isClosed(true))
        ).run()
    }

    @Test(arguments: [0, 1, 99, 100])
    func `a body of exactly the limit is accepted`(_ bytes: Int) {
        StateScript(
            "",
            .at(1, .head(length: bytes), .proceed),
            .at(1, .body(bytes), .proceed),
            .at(1, .body(100 - bytes), .proceed),
            .at(1, .end, .answer)
        ).run()
    }

    @Test func `the bytes on the wire are bounded by the limits of head and body`() {
        var limits = ConnectionLimits()
        limits.maxTargetBytes = 100
        limits.maxHeaderBytes = 200
        let bound = 100 + 200 + 4096 + 8 * 10
        StateScript(
            "one request",
            .at(1, .bytes(100), .proceed),
            .at(1, .head(max: 10), .proceed),
            .at(1, .bytes(bound - 100), .proceed),
            .at(1, .bytes(1), .reject(framing))
        ).run(limits: limits)
        StateScript(
            "each request counts anew",
            .at(1, .bytes(bound), .proceed),
            .at(1, .head(max: 10), .proceed),
            .at(1, .end, .answer),
            .at(1, .written, .proceed),
            .at(2, .bytes(100), .proceed),
            .at(2, .head(max: 10), .proceed),
            .at(2, .bytes(bound - 100), .proceed),
            .at(2, .bytes(1), .reject(framing))
        ).run(limits: limits)
        #expect(limits.maxWireBytes(bodyBytes: 10) == bound)
        #expect(limits.maxWireBytes(bodyBytes: .max) > .max / 4)
    }

    // MARK: Early responses

    /// A streamed request that has got its response before its end.
    private static let answeredEarly: [StateStep] = [
        .at(1, .bytes(50), .proceed),
        .at(1, .head(stream: true), .proceed),
        .at(1, .body(10), .proceed, .closesAfterResponse(true), .answersEarly(true)),
        .at(2, .written, .drop, .reads(true), .due(32), .idleSince(nil), .closesAfterResponse(false), .answersEarly(false)),
    ]

    @Test(arguments: [
        StateScript(
            "the rest is read and dropped",
            after: answeredEarly,
            .at(3, .bytes(50), .proceed, .due(33)),
            .at(3, .body(50), .drop, .reads(true)),
            .at(4, .bytes(10), .proceed),
            .at(4, .body(10), .drop),
            .at(4, .end, .linger, .due(5), .ignoresInput(true)),
            .at(5, .tick, .close)),
        StateScript(
            "the rest does not come",
            after: answeredEarly,
            .at(31.999, .tick, .proceed),
            .at(32, .tick, .close)),
        StateScript(
            "the rest is over the limit",
            after: answeredEarly,
            .at(3, .body(90), .drop),
            .at(3, .body(1), .close, .isClosed(true))),
        StateScript(
            "the rest is no good",
            after: answeredEarly,
            .at(3, .inputFailed(malformed), .close)),
        StateScript(
            "the rest is cut off",
            after: answeredEarly,
            .at(3, .inputFailed(malformed), .close),
            .at(3, .inputClosed, .close)),
        StateScript(
            "the response waits to be sent",
            after: answeredEarly,
            .at(3, .unsent(10), .proceed, .reads(false), .due(23)),
            .at(4, .unsent(0), .proceed, .reads(true), .due(34)),
            .at(5, .end, .linger)),
        StateScript(
            "behind another one",
            after: whole(at: 1),
            .at(1, .head(stream: true), .proceed, .closesAfterResponse(false)),
            .at(1, .body(10), .proceed, .answersEarly(false)),
            .at(2, .written, .proceed, .closesAfterResponse(true), .answersEarly(true)),
            .at(3, .written, .drop),
            .at(4, .end, .linger)),
        StateScript(
            "while draining",
            after: [.at(0, .drain, .nothing)] + answeredEarly.prefix(3),
            .at(1, .written, .drop, .due(1)),
            .at(1, .tick, .close)),
    ])
    func `a response before the end of its stream closes the connection`(_ script: StateScript) {
        script.run()
    }

    // MARK: Draining

    @Test(arguments: [
        StateScript(
            "idle",
            .at(5, .drain, .nothing, .due(6), .idleSince(0)),
            .at(5.999, .tick, .proceed),
            .at(6, .tick, .linger, .due(7)),
            .at(7, .tick, .close)),
        StateScript(
            "the first word counts",
            .at(5, .drain, .nothing, .due(6)),
            .at(5.5, .drain, .nothing, .due(6))),
        StateScript(
            "it does not lengthen anything",
            .at(5, .bytes(1), .proceed),
            .at(13.5, .drain, .nothing, .due(14)),
            .at(14, .tick, .reject(.timedOut(seconds: 9)))),
        StateScript(
            "half a head",
            .at(4, .bytes(10), .proceed, .due(13)),
            .at(5, .drain, .nothing, .due(6)),
            .at(6, .tick, .reject(.timedOut(seconds: 9))),
            .at(6, .rejectionWritten, .linger, .due(7)),
            .at(7, .tick, .close)),
        StateScript(
            "half a body",
            .at(4, .head(length: 50), .proceed),
            .at(5, .drain, .nothing, .due(6)),
            .at(5.5, .body(50), .proceed, .due(6)),
            .at(5.6, .end, .answer, .due(25.6), .closesAfterResponse(true)),
            .at(5.7, .written, .linger, .due(6.7))),
        StateScript(
            "half a streamed body",
            .at(4, .head(stream: true), .proceed, .due(34)),
            .at(5, .drain, .nothing, .due(6)),
            .at(5.9, .bytes(10), .proceed, .due(6)),
            .at(6, .tick, .reject(.timedOut(seconds: 30)))),
        StateScript(
            "a response is owed",
            after: whole(at: 4),
            .at(5, .drain, .nothing, .due(24), .closesAfterResponse(true)),
            .at(20, .written, .linger, .due(21))),
        StateScript(
            "two responses are owed",
            after: whole(at: 4) + pipelined(at: 4),
            .at(5, .drain, .nothing, .closesAfterResponse(false)),
            .at(6, .written, .proceed, .closesAfterResponse(true)),
            .at(7, .written, .linger)),
        StateScript(
            "the next request has begun",
            after: whole(at: 4),
            .at(4, .bytes(0), .proceed),
            .at(5, .drain, .nothing, .closesAfterResponse(false)),
            .at(6, .written, .proceed, .reads(true)),
            .at(6, .head(length: 0), .proceed),
            .at(6, .end, .answer, .closesAfterResponse(true)),
            .at(6, .written, .linger)),
        StateScript(
            "a request that was on its way is answered",
            after: [.at(5, .drain, .nothing)] + whole(at: 5.5),
            .at(5.6, .tick, .proceed, .closesAfterResponse(true)),
            .at(5.7, .written, .linger)),
        StateScript(
            "a response waits to be sent",
            after: whole(at: 4),
            .at(4, .written, .proceed),
            .at(4, .unsent(9000), .proceed),
            .at(5, .drain, .nothing, .due(24)),
            .at(20, .unsent(0), .proceed, .due(6)),
            .at(20, .tick, .linger, .due(21))),
        StateScript(
            "lingering",
            after: whole(at: 4, last: true),
            .at(4, .written, .linger, .due(5)),
            .at(4.5, .drain, .nothing, .due(5)),
            .at(5, .tick, .close)),
    ])
    func `draining waits for running requests and for nothing else`(_ script: StateScript) {
        script.run()
    }

    // MARK: The other side closes

    @Test(arguments: [
        StateScript("idle", .at(1, .inputClosed, .close, .isClosed(true), .reads(false), .lingers(false))),
        StateScript(
            "half a head, which the decoder has refused before",
            .at(1, .bytes(10), .proceed),
            .at(2, .inputFailed(malformed), .reject(malformed)),
            .at(2, .rejectionWritten, .linger),
            .at(2, .inputClosed, .close)),
        StateScript(
            "bytes that are no request, such as the end of TLS",
            .at(1, .bytes(0), .proceed),
            .at(1, .inputClosed, .close)),
        StateScript(
            "half a body, which the decoder has refused before",
            .at(1, .head(length: 50), .proceed),
            .at(2, .inputFailed(malformed), .reject(malformed)),
            .at(2, .unsent(300), .proceed),
            .at(2, .rejectionWritten, .linger),
            .at(2, .inputClosed, .proceed, .isClosed(false)),
            .at(2.5, .unsent(0), .close)),
        StateScript(
            "a response is owed",
            after: whole(at: 1),
            .at(2, .inputClosed, .proceed, .due(21), .closesAfterResponse(true), .ignoresInput(true)),
            .at(5, .written, .close, .isClosed(true))),
        StateScript(
            "a response is owed, and bytes that are no request came behind it",
            after: whole(at: 1),
            .at(2, .bytes(0), .proceed),
            .at(2, .inputClosed, .proceed, .closesAfterResponse(true)),
            .at(5, .written, .close)),
        StateScript(
            "two responses are owed",
            after: whole(at: 1) + pipelined(at: 1),
            .at(2, .inputClosed, .proceed, .closesAfterResponse(false)),
            .at(3, .written, .proceed, .closesAfterResponse(true)),
            .at(4, .written, .close)),
        StateScript(
            "a response and a rejection are owed",
            after: whole(at: 1),
            .at(1, .bytes(5), .proceed),
            .at(2, .inputFailed(malformed), .drop),
            .at(2, .inputClosed, .proceed, .closesAfterResponse(false)),
            .at(3, .written, .reject(malformed)),
            .at(3, .rejectionWritten, .close)),
        StateScript(
            "the last response is owed",
            after: whole(at: 1, last: true),
            .at(2, .inputClosed, .proceed, .closesAfterResponse(true)),
            .at(3, .written, .close)),
        StateScript(
            "a response waits to be sent",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(1, .unsent(9000), .proceed),
            .at(2, .inputClosed, .proceed, .isClosed(false), .due(21)),
            .at(3, .unsent(5000), .proceed, .isClosed(false)),
            .at(4, .unsent(0), .close, .isClosed(true))),
        StateScript(
            "a response waits to be sent, and another one is owed",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(1, .unsent(9000), .proceed),
            .at(1, .head(length: 0), .proceed),
            .at(1, .end, .enqueue),
            .at(2, .inputClosed, .proceed),
            .at(3, .unsent(0), .proceed, .answers(true), .closesAfterResponse(true)),
            .at(3, .written, .close)),
        StateScript(
            "lingering",
            after: whole(at: 1, last: true),
            .at(1, .written, .linger),
            .at(1.5, .inputClosed, .close)),
        StateScript(
            "lingering while the last response waits to be sent",
            after: whole(at: 1, last: true),
            .at(1, .unsent(9000), .proceed),
            .at(1, .written, .linger),
            .at(1.5, .inputClosed, .proceed, .isClosed(false), .reads(true)),
            .at(1.6, .unsent(4000), .proceed),
            .at(1.7, .unsent(0), .close)),
        StateScript(
            "the response is written while some of it waits",
            after: whole(at: 1),
            .at(2, .inputClosed, .proceed),
            .at(3, .unsent(9000), .proceed),
            .at(3, .written, .linger, .due(23)),
            .at(9, .tick, .proceed),
            .at(9.5, .unsent(0), .close)),
        StateScript(
            "the response is written while some of it waits for ever",
            after: whole(at: 1),
            .at(2, .inputClosed, .proceed),
            .at(3, .unsent(9000), .proceed),
            .at(3, .written, .linger, .due(23)),
            .at(22.999, .tick, .proceed),
            .at(23, .tick, .close)),
    ])
    func `a client that closes its output gets the outstanding responses`(_ script: StateScript) {
        script.run()
    }

    // MARK: The end

    @Test(arguments: [
        StateScript(
            "it reads and drops",
            after: whole(at: 1, last: true) + [.at(2, .written, .linger, .due(3), .reads(true), .answers(false))],
            .at(2.1, .bytes(1000), .drop, .due(3)),
            .at(2.2, .headRefused(malformed), .drop),
            .at(2.3, .unsent(0), .proceed, .isClosed(false)),
            .at(2.999, .tick, .proceed),
            .at(3, .tick, .close)),
        StateScript(
            "it begins when the last response has been sent",
            after: whole(at: 1, last: true),
            .at(2, .unsent(70_000), .proceed),
            .at(2, .written, .linger, .due(22), .reads(true), .answers(false), .lingers(true)),
            .at(20, .tick, .proceed),
            .at(20, .unsent(30_000), .proceed, .due(40)),
            .at(39, .bytes(10), .drop, .due(40)),
            .at(39, .unsent(0), .proceed, .due(40), .isClosed(false)),
            .at(39.999, .tick, .proceed, .lingers(true)),
            .at(40, .tick, .close, .lingers(false))),
        StateScript(
            "the last response has no longer than any other",
            after: whole(at: 1, last: true),
            .at(2, .unsent(70_000), .proceed),
            .at(2, .written, .linger),
            .at(22, .tick, .close)),
        StateScript(
            "closing once more does not lengthen it",
            after: whole(at: 1, last: true) + [.at(2, .written, .linger, .due(3))],
            .at(2.5, .rejectionWritten, .linger, .due(3))),
    ])
    func `a lingering connection ends in time`(_ script: StateScript) {
        script.run()
    }

    // MARK: Memory

    @Test(arguments: [
        StateScript(
            "half a head",
            .at(1, .bytes(10), .proceed),
            .at(2, .memoryExhausted, .reject(.outOfMemoryBudget), .ignoresInput(true), .isClosed(false))),
        StateScript(
            "half a body",
            .at(1, .head(), .proceed),
            .at(1, .body(10), .proceed),
            .at(2, .memoryExhausted, .reject(.outOfMemoryBudget), .ignoresInput(true))),
        StateScript(
            "half a request behind one that is being answered",
            after: whole(at: 1),
            .at(1, .answerBegan, .nothing),
            .at(1, .head(), .proceed),
            .at(2, .memoryExhausted, .drop, .ignoresInput(true), .isClosed(false)),
            .at(3, .written, .reject(.outOfMemoryBudget))),
        StateScript(
            "requests that wait for their turn",
            after: whole(at: 1) + [.at(1, .answerBegan, .nothing)] + pipelined(at: 1),
            .at(2, .memoryExhausted, .close, .isClosed(true))),
        StateScript(
            "a response that waits to be sent",
            after: whole(at: 1),
            .at(1, .written, .proceed),
            .at(1, .unsent(5), .proceed),
            .at(2, .memoryExhausted, .close, .isClosed(true))),
        StateScript(
            "a handshake",
            .at(0, .handshakeBegan, .nothing),
            .at(1, .memoryExhausted, .close, .isClosed(true))),
        StateScript(
            "a stream that has its response", after: answeredEarly, .at(2, .memoryExhausted, .close, .isClosed(true))),
        StateScript(
            "a connection that lingers",
            after: whole(at: 1, last: true),
            .at(1, .written, .linger),
            .at(1.5, .memoryExhausted, .close, .isClosed(true))),
    ])
    func `a connection that holds too much memory gives up the request being read, or itself`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [
        StateScript(
            "a response that comes later",
            after: whole(at: 1),
            .at(1, .answerBegan, .nothing, .answers(false)),
            .at(1, .head(length: 0), .proceed),
            .at(1, .end, .enqueue, .answers(false)),
            .at(3, .written, .proceed, .answers(true)))
    ])
    func `a request waits for the response that is being made`(_ script: StateScript) {
        script.run()
    }

    @Test(arguments: [StateEvent.headRefused(malformed), .inputFailed(malformed)])
    func `a fault during the handshake closes, since no response can be sent`(_ event: StateEvent) {
        StateScript("", .at(0, .handshakeBegan, .nothing), .at(1, event, .close, .isClosed(true))).run()
        StateScript(
            "", .at(0, .handshakeBegan, .nothing), .at(1, .handshakeEnded, .nothing), .at(1, event, .reject(malformed))
        ).run()
    }

    @Test(arguments: [
        StateScript("nothing", .at(1, .closed, .nothing, .isClosed(true))),
        StateScript("after a request", after: whole(at: 1), .at(1, .closed, .nothing)),
        StateScript("after two", after: whole(at: 1) + pipelined(at: 1), .at(1, .closed, .nothing)),
        StateScript("after the last request", after: whole(at: 1, last: true), .at(1, .closed, .nothing)),
        StateScript(
            "in a body", after: whole(at: 1), .at(1, .head(length: 9), .proceed), .at(1, .body(1), .proceed),
            .at(1, .closed, .nothing)),
        StateScript(
            "with a rejection that waits", after: whole(at: 1), .at(1, .inputFailed(malformed), .drop),
            .at(1, .closed, .nothing)),
        StateScript(
            "after an early response", after: answeredEarly, .at(2, .closed, .nothing)),
        StateScript(
            "after half a close", after: whole(at: 1), .at(1, .inputClosed, .proceed), .at(1, .closed, .nothing)),
        StateScript(
            "while lingering", after: whole(at: 1, last: true), .at(1, .written, .linger), .at(1, .closed, .nothing)),
        StateScript("while draining", .at(1, .drain, .nothing), .at(1, .closed, .nothing)),
    ])
    func `events after the end are harmless`(_ script: StateScript) {
        script.run()
        let events: [StateEvent] = [
            .handshakeEnded, .bytes(0), .bytes(5), .head(), .head(length: 5, expects: true), .head(length: 1000),
            .headRefused(malformed),
            .body(5), .body(1000), .end, .inputFailed(malformed), .memoryExhausted, .inputClosed, .written, .rejectionWritten,
            .unsent(5),
            .unsent(0), .closed, .drain, .tick,
        ]
        var ended = ConnectionState(limits: ConnectionLimits(), openedAt: StateScript.start)
        for step in script.steps { _ = ended.tell(step.event, at: StateScript.time(step.seconds)) }
        for first in events {
            var state = ended
            for event in [first] + events {
                let action = state.tell(event, at: StateScript.time(1000))
                // `proceed` where it means that there is nothing to do.
                switch event {
                case .unsent, .tick: #expect(action == .proceed || action == .close, "\(first) \(event)")
                case .closed, .drain, .handshakeEnded: #expect(action == nil)
                default: #expect(action == .drop || action == .close, "\(first) \(event)")
                }
                #expect(state.isClosed && state.ignoresInput, "\(first) \(event)")
                #expect(!state.mayRead && !state.mayAnswer && state.idleSince == nil, "\(first) \(event)")
            }
        }
    }
}
