// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
package import Logging
package import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One log line a decision: who was let upload what, or why not.
///
/// Built from named facts, never from the request's header fields or bodies: what must not be logged (tokens, keys,
/// policies, signatures) never comes near.
package struct DecisionLog: Sendable {
    private let sink: LogSink
    private let format: LogFormat
    private let level: Logger.Level

    package init(sink: LogSink, format: LogFormat, level: Logger.Level) {
        self.sink = sink
        self.format = format
        self.level = level
    }

    /// A ticket is about to be handed out.
    func issued(_ ticket: Ticket, to context: TenantContext, contentType: String, accessKeyID: String) {
        guard level <= .info else { return }
        var line = LogLine(format, at: context.arrival.time, level: .info, message: "ticket issued")
        line.add("requestId", context.arrival.requestID)
        line.add("peer", context.arrival.peer.address)
        line.add("ticket", ticket.id)
        line.add("tenant", context.tenant.id)
        line.add("rule", ticket.rule)
        add(context.principal, to: &line)
        line.add("bucket", context.tenant.store.bucket)
        line.add("key", ticket.key)
        line.add("contentType", contentType)
        line.add("minSize", ticket.sizes.lowerBound)
        line.add("maxSize", ticket.sizes.upperBound)
        line.add("expiresAt", ticket.expiry)
        line.add("accessKeySuffix", String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self))
        line.add("generation", context.arrival.snapshot.book.generation)
        sink.write(line.finish())
    }

    /// Logs that an authenticated request was refused.
    func refused(_ problem: ProblemDetails, cause: any Error, to context: TenantContext, rule: String?) {
        let severity: Logger.Level = problem.code.status >= 500 ? .error : .info
        guard level <= severity else { return }
        var line = LogLine(format, at: context.arrival.time, level: severity, message: "ticket refused")
        line.add("requestId", context.arrival.requestID)
        line.add("peer", context.arrival.peer.address)
        line.add("code", problem.code.rawValue)
        line.add("tenant", context.tenant.id)
        // Only a rule that there is: what else a client writes there may be anything, its token too.
        if let rule, context.tenant.rules.contains(where: { $0.name.hasSameBytes(as: rule) }) { line.add("rule", rule) }
        add(context.principal, to: &line)
        add(cause, of: problem, to: &line)
        sink.write(line.finish())
    }

    /// A request ended in a problem before or outside of a ticket's judgement.
    func refused(_ problem: ProblemDetails, cause: any Error, arrival: RequestInfo) {
        let severity: Logger.Level = problem.code.status >= 500 ? .error : .info
        guard level <= severity else { return }
        var line = LogLine(format, at: arrival.time, level: severity, message: "request refused")
        line.add("requestId", arrival.requestID)
        line.add("peer", arrival.peer.address)
        line.add("code", problem.code.rawValue)
        add(cause, of: problem, to: &line)
        sink.write(line.finish())
    }

    /// The connection refused a request before any route saw it.
    func rejected(_ problem: ProblemDetails, requestID: String, peer: String, at now: Date) {
        guard level <= .info else { return }
        var line = LogLine(format, at: now, level: .info, message: "request refused")
        line.add("requestId", requestID)
        line.add("peer", peer)
        line.add("code", problem.code.rawValue)
        line.add("reason", problem.detail)
        sink.write(line.finish())
    }

    /// What the response does not say. Of an unforeseen error only its type: its text may hold anything.
    private func add(_ cause: any Error, of problem: ProblemDetails, to line: inout LogLine) {
        switch cause {
        case let failure as AuthenticationError: line.add("reason", failure.reason)
        case let credentials as CredentialError: line.add("reason", credentials.description)
        default: if problem.code == .internalError { line.add("error", String(describing: type(of: cause))) }
        }
    }

    private func add(_ principal: Principal, to line: inout LogLine) {
        switch principal.source {
        case .token(let issuer, let keyID):
            line.add("issuer", issuer)
            if let keyID { line.add("keyId", keyID) }
        case .apiKey(let id, _, _):
            line.add("apiKey", id)
        }
    }
}
