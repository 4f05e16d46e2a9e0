// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import NIOCore
import PosternTestSupport
import Testing
import WireFormats

@testable import PosternServer

/// What is told of the times in which audit lines could not be written.
struct AuditGapsTests {
    private let log = LogRecorder { "\($0.level)" }
    private let now = Date.january2027

    private func text(_ line: (bytes: [UInt8], failed: Int)?) throws -> [String] {
        let line = try #require(line)
        let json = try JSONValue(parsing: line.bytes)
        return [json["since"]?.string ?? "", json["reason"]?.string ?? "", String(json["failedRequests"]?.integer ?? -1)]
    }

    @Test func `without a failure nothing is told`() {
        var gaps = AuditGaps()
        #expect(gaps.look(at: .init(written: 7), now, log.logger()) == nil && !gaps.hasUntoldGap)
        #expect(log.lines.isEmpty)
    }

    @Test func `each failed request is told once, in lines that were written`() throws {
        var gaps = AuditGaps()
        var status = AuditWriter.Status(problem: "full", failedRequests: 2)
        status.failingFor = .milliseconds(1500)
        let first = gaps.look(at: status, now, log.logger())
        #expect(try text(first) == ["2027-01-15T07:59:58.500Z", "full", "2"])
        gaps.didTry(2, probes: 0)
        // That line was not written. The gap's beginning and reason stay.
        status = AuditWriter.Status(problem: "still full", failedRequests: 5)
        let second = gaps.look(at: status, now + 1, log.logger())
        #expect(try text(second) == ["2027-01-15T07:59:58.500Z", "full", "5"])
        gaps.didTry(5, probes: 0)
        // It is written, and requests have failed since.
        status = AuditWriter.Status(failedRequests: 9, probes: 1)
        let third = gaps.look(at: status, now + 2, log.logger())
        #expect(try text(third)[2] == "4")
        gaps.didTry(9, probes: 1)
        status.probes = 2
        #expect(gaps.look(at: status, now + 3, log.logger()) == nil && !gaps.hasUntoldGap)
        #expect(log.lines == ["error", "notice"])
    }

    @Test func `the end of a gap is logged also if its line was the first that could be written`() {
        var gaps = AuditGaps()
        _ = gaps.look(at: .init(problem: "full", failedRequests: 1), now, log.logger())
        gaps.didTry(1, probes: 0)
        #expect(gaps.look(at: .init(failedRequests: 1, probes: 1), now + 1, log.logger()) == nil)
        #expect(log.lines == ["error", "notice"])
    }

    @Test func `a gap without a failed request is told too`() throws {
        var gaps = AuditGaps()
        #expect(try text(gaps.look(at: .init(problem: "full"), now, log.logger()))[2] == "0")
        #expect(try text(gaps.look(at: .init(), now + 1, log.logger())) == ["2027-01-15T08:00:00.000Z", "full", "0"])
        gaps.didTry(0, probes: 0)
        #expect(gaps.look(at: .init(probes: 1), now + 2, log.logger()) == nil)
    }

    @Test func `at the end the log has what no line tells`() {
        var gaps = AuditGaps()
        let status = AuditWriter.Status(problem: "full", failedRequests: 2)
        gaps.logEnd(status, log.logger())
        #expect(log.lines.isEmpty)
        _ = gaps.look(at: status, now, log.logger())
        gaps.logEnd(status, log.logger())
        #expect(log.lines == ["error", "error"])
    }

    @Test func `a new file that cannot be opened is logged once, and when it can`() {
        var gaps = AuditGaps()
        for problem in [nil, "denied", "denied", nil, nil] {
            _ = gaps.look(at: .init(reopeningProblem: problem), now, log.logger())
        }
        #expect(log.lines == ["warning", "notice"])
    }
}
