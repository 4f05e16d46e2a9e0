// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
package import Logging
import NIOCore
package import RuleFiles
import Synchronization
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Records every ticket, and refusals of authenticated callers, one line each.
///
/// A ticket is sent once its line is written. A refusal never waits. A tenant's refusals beyond a rate are counted, and told in one line
/// a minute.
package final class AuditLog: Sendable {
    let users: AuditUsers
    private let writer: AuditWriter
    private let refusals = Mutex(RefusalCounts())
    private let gaps = Mutex(AuditGaps())
    private let logger: Logger

    /// Opens the audit log of the settings.
    /// - Returns: nil if there is none
    /// - Throws: why it cannot be written
    package static func open(_ settings: ServiceSettings, logger: Logger) throws(SetupError) -> AuditLog? {
        guard let name = settings.audit else { return nil }
        let users = try AuditUsers.load(settings)
        do throws(AuditWriter.Unavailable) {
            let writer = try AuditWriter(AuditDestination(name, isSynchronous: settings.auditSync))
            return AuditLog(writer, users, logger: logger)
        } catch {
            throw SetupError(["the audit log cannot be written: \(error.reason)"])
        }
    }

    init(_ writer: AuditWriter, _ users: AuditUsers, logger: Logger) {
        self.writer = writer
        self.users = users
        self.logger = logger
    }

    var status: AuditWriter.Status { writer.status }

    // MARK: Tickets

    /// Adds the line of a ticket, which counts once the line is written.
    func addTicket(
        _ ticket: Ticket, _ request: UploadRequest, _ admission: Admission, of context: TenantContext, user: String?,
        rule: UploadRule, caller: String, accessKeyID: String, to lines: inout AuditLines
    ) {
        var record = AuditRecord("ticket", at: context.info.time)
        record.add("ticket", ticket.id)
        record.add(context, user: user, as: users)
        record.add("rule", ticket.rule.name)
        record.addDeclared(request)
        record.add("method", rule.store.method.rawValue.uppercased())
        record.add("bucket", rule.store.bucket)
        record.add("key", users.key(of: admission, user: user, issuer: context.userIssuer))
        record.add("contentType", admission.contentType)
        record.add("minSize", ticket.sizes.lowerBound)
        record.add("maxSize", ticket.sizes.upperBound)
        record.add("expiresAt", ticket.expiry)
        record.add("accessKeySuffix", String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self))
        record.add(context.info)
        lines.append(
            record, of: .init(context: context, rule: rule, caller: caller, maximumBytes: admission.sizes.upperBound))
    }

    /// Writes the lines of a request.
    /// - Parameter loop: the event loop that calls this
    /// - Returns: succeeds on the event loop when they are written; fails with ``AuditWriter/Unavailable``
    func write(_ lines: AuditLines, on loop: any EventLoop) -> EventLoopFuture<Void> {
        writer.write(lines.bytes, count: lines.count, on: loop)
    }

    // MARK: Refusals

    /// Records the refusal of an authenticated caller, or counts it.
    /// - Parameters:
    ///   - request: nil if the body was not read
    ///   - rule: the rule that the request was for; nil if there is no such rule
    func recordRefusal(
        _ problem: ProblemDetails, cause: any Error, _ request: UploadRequest?, rule: UploadRule?, of context: TenantContext
    ) {
        let now = context.info.time
        guard refusals.withLock({ $0.mayWrite(problem.code, of: context.tenant.id, at: now.timeIntervalSince1970) }) else {
            return
        }
        var record = AuditRecord("refusal", at: now)
        record.add("code", problem.code.rawValue)
        record.add(context, user: context.principal.user ?? request?.plausibleUser, as: users)
        record.add("rule", rule?.name)
        if let request { record.addDeclared(request) }
        if let error = cause as? CredentialError { record.add("reason", error.description) }
        record.add(context.info)
        var lines = AuditLines()
        lines.append(record)
        writer.write(lines.bytes, count: 1)
    }

    // MARK: Upkeep

    /// Fails requests that have waited too long. Call it some times in a second.
    func failLate() {
        writer.failLate()
    }

    /// Writes a line for each tenant whose refusals were counted for a minute, and tries to write again after a failure.
    /// - Parameter everything: whether to write all counts, as before the service stops
    func upkeep(at now: Date, everything: Bool = false) {
        var lines = AuditLines()
        let counted = refusals.withLock { $0.takeCounts(at: now.timeIntervalSince1970, everything: everything) }
        for counts in counted {
            var record = AuditRecord("refusals", at: now)
            record.add("tenant", counts.tenant)
            record.add("since", Date(timeIntervalSince1970: counts.since).rfc3339)
            record.add("codes", counts.byCode.map { ($0.key.rawValue, $0.value) }.sorted { $0.name < $1.name })
            lines.append(record)
        }
        if lines.count > 0 { writer.write(lines.bytes, count: lines.count) }
        gaps.withLock { gaps in
            let status = writer.status
            guard let line = gaps.look(at: status, now, logger) else { return }
            if writer.probe(line.bytes, after: status.probes) { gaps.didTry(line.failed, probes: status.probes) }
        }
    }

    /// Whether lines could not be written for a time of which there is no line yet.
    var hasUntoldGap: Bool { gaps.withLock(\.hasUntoldGap) }

    /// Opens the file again: it may have been renamed.
    package func reopen() {
        writer.reopen()
    }

    /// Writes what is queued, and closes the file.
    func stop(at now: Date) {
        upkeep(at: now, everything: true)
        writer.stop(milliseconds: 1000)
        // A line about a gap may have been written just now.
        upkeep(at: now)
        gaps.withLock { $0.logEnd(writer.status, logger) }
    }
}

extension UploadRequest {
    /// The user whom the request of an API key names, if it can be one.
    fileprivate var plausibleUser: String? {
        guard let user, (1...Uploader.maximumUserBytes).contains(user.utf8.count) else { return nil }
        return user
    }
}
