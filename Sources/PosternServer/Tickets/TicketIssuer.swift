// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
import Logging
import PostPolicy
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Turns one request into one ticket or one problem; each entry of a batch is one request.
struct TicketIssuer: Sendable {
    let signer: PolicySigner
    let log: DecisionLog
    /// Nil if tickets are not audited.
    var audit: AuditLog?
    let random = RandomPool()

    /// Issues a ticket, or logs why there is none.
    /// - Parameters:
    ///   - json: the request's body, or the entry of a batch
    ///   - asForm: whether the ticket becomes an ``UploadForm``
    ///   - context: the authenticated caller
    ///   - lines: gets the ticket's line for the audit log, which must be written before the ticket is sent
    /// - Throws: `LoggedError`
    func ticket(
        for json: JSONValue, asForm: Bool = false, _ context: TenantContext, into lines: inout AuditLines
    ) throws -> Ticket {
        var request: UploadRequest?
        do {
            let read = try UploadRequest(json)
            request = read
            guard asForm else { return try ticket(for: read, context, into: &lines) }
            let signed = try UploadForm.request(read, under: context.rule(named: read.rule))
            return try ticket(for: signed, context, into: &lines)
        } catch {
            throw recordRefusal(error, request, of: context)
        }
    }

    /// Issues a ticket for the query of `GET /v1/presign`, or logs why there is none.
    /// - Throws: `LoggedError`
    func ticket(forQuery query: String, _ context: TenantContext, into lines: inout AuditLines) throws -> Ticket {
        var request: UploadRequest?
        do {
            let read = try UploadRequest(query: query)
            request = read
            return try ticket(for: read, context, into: &lines)
        } catch {
            throw recordRefusal(error, request, of: context)
        }
    }

    /// Counts and logs why there is no ticket.
    /// - Parameter request: nil if it could not be read
    private func recordRefusal(_ error: any Error, _ request: UploadRequest?, of context: TenantContext) -> LoggedError {
        let problem = ProblemDetails(error)
        let rule = request.flatMap { context.existingRule(named: $0.rule) }
        context.served.countRefusal(problem.code, of: rule)
        log.recordRefusal(problem, cause: error, request, of: context, rule: rule)
        audit?.recordRefusal(problem, cause: error, request, rule: rule, of: context)
        return LoggedError(problem: problem)
    }

    private func ticket(
        for request: UploadRequest, _ context: TenantContext, into lines: inout AuditLines
    ) throws -> Ticket {
        let now = context.info.time
        let uploader = try context.uploader(for: request)
        let rule = try context.rule(named: request.rule)
        let store = rule.store
        let credentials = try context.served.credentials(for: store, at: now)
        var random = random
        let id = Ticket.makeID(at: now, random: &random)
        let admission = try rule.admit(request, uploader: uploader, uuid: id, at: now)
        let limiter = context.served.limiter
        let caller = rule.limits.perUser == nil ? "" : context.limitedCaller(for: uploader)
        // Before signing, so that callers over a limit cost little.
        try limiter?.check(rule, caller: caller, at: now)
        let expiry = try expiry(of: rule, credentials, at: now)
        let upload = try sign(admission, for: store, until: expiry.instant, with: credentials, at: now)
        // After everything that can fail, so that a refused request does not count.
        try limiter?.admit(rule, caller: caller, at: now)
        let ticket = Ticket(
            id: id,
            upload: upload,
            key: admission.key.text,
            sizes: admission.sizes,
            expiresAt: expiry.instant,
            serverTime: now,
            rule: rule
        )
        #if DEBUG
            try ticket.checkAgainstEvaluator(store: store, credentials: credentials)
        #endif
        if let audit {
            audit.addTicket(
                ticket, request, admission, of: context, user: uploader.user, rule: rule, caller: caller,
                accessKeyID: credentials.accessKeyID, to: &lines)
        } else {
            context.served.countTicket(of: rule, maximumBytes: admission.sizes.upperBound)
            log.recordTicket(
                ticket, of: context, bucket: store.bucket, contentType: admission.contentType,
                accessKeyID: credentials.accessKeyID)
        }
        return ticket
    }

    private func expiry(
        of rule: UploadRule, _ credentials: SigningCredentials, at now: Date
    ) throws(ProblemDetails) -> TicketExpiry {
        guard let expiry = TicketExpiry(ruleSeconds: rule.expiry, credentials: credentials, at: now) else {
            throw ProblemDetails(
                .credentialsUnavailable,
                detail: "The service's AWS credentials are about to expire and are being renewed: try again in a moment.",
                retryAfter: 5)
        }
        return expiry
    }

    /// - Throws: `CredentialError` if the session token makes the form or the policy too large; otherwise `Refusal` or `PolicyError`
    private func sign(
        _ admission: Admission, for store: Store, until end: Date, with credentials: SigningCredentials, at now: Date
    ) throws -> SignedUpload {
        do throws(SigningError) {
            return try admission.sign(for: store, until: end, by: signer, with: credentials, at: now)
        } catch {
            switch error {
            case .refused(let refusal): throw refusal
            case .sessionTokenTooLong: throw CredentialError.sessionTokenTooLong(credentials)
            case .sessionTokenTooLongForStore(let maximum):
                throw CredentialError.unavailable(
                    """
                    the session token is \(credentials.sessionTokenBytes) bytes long, and with it the policy is over the store's \
                    \(maximum) bytes: sign with credentials without a session token
                    """)
            case .failed(let error): throw error
            }
        }
    }
}

#if DEBUG
    extension Ticket {
        struct EvaluatorError: Error {
            let refusal: StoreError
        }

        /// Evaluates the ticket as its store would, with the smallest and the largest file that it allows.
        fileprivate func checkAgainstEvaluator(store: Store, credentials: SigningCredentials) throws(EvaluatorError) {
            let evaluator = PolicyEvaluator(region: store.region)
            func key(_ id: String) -> SigningCredentials? { id == credentials.accessKeyID ? credentials : nil }
            for size in [sizes.lowerBound, sizes.upperBound] {
                let refusal =
                    switch upload {
                    case .post(let form, _):
                        evaluator.evaluate(
                            form: form.fields, filename: nil, fileSize: size, bucket: store.bucket, at: serverTime,
                            credentials: key)
                    case .put(let put):
                        evaluator.evaluate(put: ReceivedPut(put, size: size), at: serverTime, credentials: key)
                    }
                if let refusal { throw EvaluatorError(refusal: refusal) }
            }
        }
    }
#endif
