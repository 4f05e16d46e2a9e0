// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The times in which audit lines could not be written: logs them, and makes one line about each.
///
/// The line is due until it is written. While nothing can be written it is tried too, so that the audit log recovers without a ticket.
struct AuditGaps {
    /// The one that no line has told yet.
    private var current: Gap?
    /// The failed requests that lines have told.
    private var told = 0
    /// What the line that was tried last tells, and what ``AuditWriter/Status/probes`` was then.
    private var tried: (failed: Int, probes: Int)?
    /// Whether the log's last word is that lines cannot be written.
    private var isLogged = false
    /// The failed requests of which the log knows.
    private var logged = 0
    /// The one that was logged.
    private var reopeningProblem: String?

    private struct Gap {
        let since: Date
        let reason: String
    }

    /// Whether there is a gap that no line has told yet.
    var hasUntoldGap: Bool { current != nil }

    /// - Returns: the line to try, and how many failed requests it tells of altogether; nil if there is none
    mutating func look(at status: AuditWriter.Status, _ now: Date, _ logger: Logger) -> (bytes: [UInt8], failed: Int)? {
        logReopening(status, logger)
        let before = current
        if let tried, status.probes > tried.probes {
            told = tried.failed
            self.tried = nil
            current = nil
        }
        if current == nil, status.problem != nil || status.failedRequests > told {
            let seconds = status.failingFor.map { Double($0.nanoseconds) / 1e9 } ?? 0
            current = Gap(since: now - seconds, reason: status.problem ?? status.lastProblem ?? "not known")
        }
        if let gap = current ?? before { log(gap, status, logger) }
        guard let current else { return nil }
        var record = AuditRecord("gap", at: now)
        record.add("since", current.since.rfc3339Milliseconds)
        record.add("reason", current.reason)
        record.add("failedRequests", status.failedRequests - told)
        return (record.finish(), status.failedRequests)
    }

    /// A line was handed to the writer.
    mutating func didTry(_ failed: Int, probes: Int) {
        tried = (failed, probes)
    }

    private mutating func log(_ gap: Gap, _ status: AuditWriter.Status, _ logger: Logger) {
        if let problem = status.problem {
            guard !isLogged else { return }
            logger.error("the audit log cannot be written: tickets get 503 until it can", metadata: ["reason": "\(problem)"])
            isLogged = true
        } else if isLogged || status.failedRequests > logged {
            let metadata: Logger.Metadata = [
                "failedRequests": .stringConvertible(status.failedRequests - logged), "reason": "\(gap.reason)",
            ]
            logger.notice("the audit log is written again", metadata: metadata)
            isLogged = false
            logged = status.failedRequests
        }
    }

    private mutating func logReopening(_ status: AuditWriter.Status, _ logger: Logger) {
        if let problem = status.reopeningProblem, reopeningProblem == nil {
            logger.warning(
                "\(AuditWriter.Status.reopeningWarning)",
                metadata: ["reason": "\(problem)"])
        } else if status.reopeningProblem == nil, reopeningProblem != nil {
            logger.notice("lines go to the new file of the audit log")
        }
        reopeningProblem = status.reopeningProblem
    }

    /// Logs a gap that no line will tell any more.
    func logEnd(_ status: AuditWriter.Status, _ logger: Logger) {
        guard let current else { return }
        logger.error(
            "the service stops while the audit log cannot be written",
            metadata: [
                "failedRequests": .stringConvertible(status.failedRequests - told), "reason": "\(current.reason)",
                "since": "\(current.since.rfc3339Milliseconds)",
            ])
    }
}
