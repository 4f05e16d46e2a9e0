// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
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

/// Logs one line for each decision: who may upload what, or why a request was refused.
///
/// Lines are built from named values, never from header fields or bodies, so that tokens, keys, policies and signatures cannot
/// appear in them. Only an origin that is not allowed is told as it came, if it has an origin's form.
package struct DecisionLog: Sendable {
    private let sink: LogSink
    private let format: LogFormat
    private let threshold: LogThreshold
    private let sampler = RefusalSampler()

    package init(sink: LogSink, format: LogFormat, threshold: LogThreshold) {
        self.sink = sink
        self.format = format
        self.threshold = threshold
    }

    /// Logs a ticket that is about to be sent, if there is no audit log.
    func recordTicket(_ ticket: Ticket, of context: TenantContext, bucket: String, contentType: String, accessKeyID: String) {
        guard var line = line("ticket issued", .info, context.info) else { return }
        line.add("ticket", ticket.id)
        line.add("tenant", context.tenant.id)
        line.add("rule", ticket.rule.name)
        add(context.principal, to: &line)
        line.add("bucket", bucket)
        line.add("key", ticket.key)
        line.add("contentType", contentType)
        line.add("minSize", ticket.sizes.lowerBound)
        line.add("maxSize", ticket.sizes.upperBound)
        line.add("expiresAt", ticket.expiry)
        line.add("accessKeySuffix", String(decoding: accessKeyID.utf8.suffix(4), as: UTF8.self))
        line.add("generation", context.info.snapshot.generation)
        sink.write(line.finish())
    }

    /// Logs the refusal of an authenticated request for a ticket: of those of a tenant that come fast, only some.
    /// - Parameters:
    ///   - request: nil if it could not be read
    ///   - rule: the rule that the request was for; nil if there is no such rule. The name in the request may be anything, even a token
    func recordRefusal(
        _ problem: ProblemDetails, cause: any Error, _ request: UploadRequest?, of context: TenantContext, rule: UploadRule?
    ) {
        guard threshold.logs(Self.level(of: problem)),
            let unlogged = sampler.takeLine(of: context.tenant.id, at: context.info.time),
            var line = line("ticket refused", Self.level(of: problem), context.info)
        else { return }
        line.add("code", problem.code.rawValue)
        if unlogged > 0 { line.add("unloggedBefore", unlogged) }
        line.add("tenant", context.tenant.id)
        if let rule { line.add("rule", rule.name) }
        add(context.principal, to: &line)
        // Of the form of a content type, which no token or key has, and without parameters.
        if let request, request.hasMediaType {
            line.add("declaredType", request.contentType.lowercased().prefix { $0 != ";" && $0 != " " }.description)
        }
        if let size = request?.size { line.add("declaredSize", size) }
        add(cause, of: problem, to: &line)
        sink.write(line.finish())
    }

    /// Logs the refusal of any other request: of those that come fast, only some.
    /// - Parameter context: the caller, if it is authenticated
    func recordRefusal(_ problem: ProblemDetails, cause: any Error, of info: RequestInfo, _ context: TenantContext?) {
        guard threshold.logs(Self.level(of: problem)),
            let unlogged = sampler.takeLine(of: context?.tenant.id, at: info.time),
            var line = line("request refused", Self.level(of: problem), info)
        else { return }
        line.add("code", problem.code.rawValue)
        if let context {
            line.add("tenant", context.tenant.id)
            add(context.principal, to: &line)
        }
        if unlogged > 0 { line.add("unloggedBefore", unlogged) }
        // A header field, but of a form that no secret has.
        if problem.code == .originNotAllowed, let origin = info.origin, WebOrigin.isWritten(origin) { line.add("origin", origin) }
        add(cause, of: problem, to: &line)
        sink.write(line.finish())
    }

    /// Logs a request that its connection rejected.
    /// - Parameter trace: of its head, if that could be read
    func recordRejection(_ problem: ProblemDetails, requestID: String, peer: String, trace: TraceParent?, at now: Date) {
        guard threshold.logs(.info), let unlogged = sampler.takeLine(of: nil, at: now) else { return }
        var line = LogLine(format, at: now, level: .info, message: "request refused")
        line.add("requestId", requestID)
        line.add("peer", peer)
        Self.add(trace, to: &line)
        line.add("code", problem.code.rawValue)
        line.add("reason", problem.detail)
        if unlogged > 0 { line.add("unloggedBefore", unlogged) }
        sink.write(line.finish())
    }

    /// Begins a line; nil if its level is not logged.
    private func line(_ message: String, _ severity: Logger.Level, _ info: RequestInfo) -> LogLine? {
        guard threshold.logs(severity) else { return nil }
        var line = LogLine(format, at: info.time, level: severity, message: message)
        line.add("requestId", info.requestID)
        line.add("peer", info.client.address)
        Self.add(info.traceParent, to: &line)
        return line
    }

    private static func add(_ trace: TraceParent?, to line: inout LogLine) {
        guard let trace else { return }
        line.add("traceId", trace.traceID)
        line.add("parentId", trace.parentID)
    }

    private static func level(of problem: ProblemDetails) -> Logger.Level {
        problem.code.status >= 500 ? .error : .info
    }

    /// Adds the cause, which the response does not contain. For an unexpected error, only its type is added, since its text may
    /// contain anything.
    private func add(_ cause: any Error, of problem: ProblemDetails, to line: inout LogLine) {
        switch cause {
        case let error as AuthenticationError:
            line.add("reason", error.reason)
            if case .issuerUnknown(let similar?) = error { line.add("similarIssuer", similar) }
        case let error as CredentialError: line.add("reason", error.description)
        case let error as AuditWriter.Unavailable: line.add("reason", error.reason)
        case _ where problem.code == .originNotAllowed: line.add("reason", problem.detail)
        default: if problem.code == .internalError { line.add("error", String(describing: type(of: cause))) }
        }
    }

    private func add(_ principal: Principal, to line: inout LogLine) {
        switch principal.source {
        case .token(let identity):
            line.add("issuer", identity.issuer.identifier)
            if let keyID = identity.keyID { line.add("keyId", keyID) }
        case .apiKey(let key):
            line.add("apiKey", key.id)
        }
    }
}

/// Chooses which refusals are logged, so that no client can fill the disk of the log.
private final class RefusalSampler: Sendable {
    private struct Lines {
        var budget: LineBudget
        /// How many refusals have not been logged since the last one that was.
        var unlogged = 0

        mutating func take() -> Int {
            budget.take()
            defer { unlogged = 0 }
            return unlogged
        }
    }

    private struct State {
        /// Without authentication: a hundred at once, and twenty a second.
        var strangers = Lines(budget: LineBudget(burst: 100, perSecond: 20))
        /// All tenants together: a thousand at once, and a hundred a second.
        var all = LineBudget(burst: 1000, perSecond: 100)
        /// Those with recent refusals.
        var tenants: [String: Lines] = [:]
        /// At this number of tenants those without recent refusals are forgotten. It grows with the others, so that a refusal costs the
        /// same however many there are.
        var limit = RefusalSampler.minimumLimit
    }

    /// One tenant: a hundred at once, and ten a second.
    private static let ofTenant = Lines(budget: LineBudget(burst: 100, perSecond: 10))
    private static let minimumLimit = 1000

    private let state = Mutex(State())

    /// Returns how many refusals have not been logged since the last one that was; nil if this one is not either.
    /// - Parameter tenant: whose; nil without authentication
    func takeLine(of tenant: String?, at now: Date) -> Int? {
        let now = now.timeIntervalSince1970
        return state.withLock { state in
            guard let tenant else {
                guard state.strangers.budget.hasLine(at: now) else {
                    state.strangers.unlogged += 1
                    return nil
                }
                return state.strangers.take()
            }
            if state.tenants.count >= state.limit, state.tenants[tenant] == nil {
                state.tenants = state.tenants.filter { !$0.value.budget.isFull(at: now) }
                state.limit = max(Self.minimumLimit, 2 * state.tenants.count)
            }
            var lines = state.tenants[tenant] ?? Self.ofTenant
            defer { state.tenants[tenant] = lines }
            guard lines.budget.hasLine(at: now), state.all.hasLine(at: now) else {
                lines.unlogged += 1
                return nil
            }
            state.all.take()
            return lines.take()
        }
    }
}
