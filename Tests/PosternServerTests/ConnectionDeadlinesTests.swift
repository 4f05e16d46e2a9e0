// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import PosternServer

/// The clock is a parameter: no test here sleeps.
struct ConnectionDeadlinesTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func at(_ seconds: Double) -> NIODeadline {
        start + .milliseconds(Int64(seconds * 1000))
    }

    private func fresh() -> ConnectionDeadlines {
        ConnectionDeadlines(limits: ConnectionLimits(), openedAt: start)
    }

    @Test func anIdleConnectionClosesAfterTheIdleTime() {
        let deadlines = fresh()
        #expect(deadlines.verdict(at: at(14.9)) == .wait(until: at(15)))
        #expect(deadlines.verdict(at: at(15)) == .close)
    }

    @Test func aTrickledRequestTimesOutHoweverOftenABytesComes() {
        var deadlines = fresh()
        for second in 1..<9 { deadlines.bytesArrived(at: at(Double(second))) }
        #expect(deadlines.verdict(at: at(9.9)) == .wait(until: at(10)))
        #expect(deadlines.verdict(at: at(10)) == .requestTimedOut)
    }

    @Test func aRequestThatWasReadIsNotTimedOutWhileItsAnswerIsMade() {
        var deadlines = fresh()
        deadlines.bytesArrived(at: at(1))
        deadlines.requestRead(at: at(2))
        #expect(deadlines.verdict(at: at(16)) == .wait(until: at(22)))
        #expect(deadlines.verdict(at: at(22)) == .close)
    }

    @Test func theIdleTimeBeginsAnewWithEachAnswer() {
        var deadlines = fresh()
        deadlines.bytesArrived(at: at(1))
        deadlines.requestRead(at: at(1))
        deadlines.answerWritten(at: at(2))
        #expect(deadlines.verdict(at: at(16.9)) == .wait(until: at(17)))
        #expect(deadlines.verdict(at: at(17)) == .close)
    }

    @Test func drainingCutsIdleConnectionsAndHalfSentRequestsShort() {
        var idle = fresh()
        idle.drain(at: at(5))
        #expect(idle.verdict(at: at(6)) == .close)

        var halfSent = fresh()
        halfSent.bytesArrived(at: at(4))
        halfSent.drain(at: at(5))
        #expect(halfSent.verdict(at: at(5.9)) == .wait(until: at(6)))
        #expect(halfSent.verdict(at: at(6)) == .requestTimedOut)
    }

    @Test func drainingWaitsForAnAnswerThatIsOwed() {
        var deadlines = fresh()
        deadlines.bytesArrived(at: at(4))
        deadlines.requestRead(at: at(4.5))
        deadlines.drain(at: at(5))
        #expect(deadlines.verdict(at: at(10)) == .wait(until: at(24.5)))
    }

    @Test func anAnswerBeforeTheEndOfItsRequestIsNotOwedAgain() {
        var deadlines = fresh()
        deadlines.bytesArrived(at: at(1))
        deadlines.answerWritten(at: at(2))
        deadlines.requestRead(at: at(3))
        #expect(deadlines.verdict(at: at(17)) == .wait(until: at(18)))
        #expect(deadlines.verdict(at: at(18)) == .close)
    }
}
