// SPDX-License-Identifier: Apache-2.0

import AWSCredentials
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
    let random = RandomPool()

    /// Issues a ticket, or logs why there is none.
    /// - Parameters:
    ///   - json: the request's body, or the entry of a batch
    ///   - context: the authenticated caller
    /// - Throws: `LoggedError`
    func ticket(for json: JSONValue, _ context: TenantContext) throws -> Ticket {
        var rule: String?
        do {
            let request = try UploadRequest(json)
            rule = request.rule
            return try ticket(for: request, context)
        } catch {
            let problem = ProblemDetails(error)
            log.recordRefusal(problem, cause: error, of: context, rule: rule)
            throw LoggedError(problem: problem)
        }
    }

    private func ticket(for request: UploadRequest, _ context: TenantContext) throws -> Ticket {
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
        let expiry = try TicketExpiry(ruleSeconds: rule.expiry, credentials: credentials, at: now)
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
            rule: rule.name
        )
        #if DEBUG
            try ticket.checkAgainstEvaluator(store: store, credentials: credentials)
        #endif
        context.served.countTicket(of: rule)
        log.recordTicket(
            ticket, of: context, bucket: store.bucket, contentType: admission.contentType, accessKeyID: credentials.accessKeyID)
        return ticket
    }

    private func sign(
        _ admission: Admission, for store: Store, until end: Date, with credentials: SigningCredentials, at now: Date
    ) throws -> Ticket.Upload {
        switch store.method {
        case .post:
            let policy = try admission.policy(for: store.endpoint, expiration: end)
            return .post(try sign(policy, for: store, with: credentials, at: now), url: store.endpoint.url)
        case .put:
            do throws(PolicyError) {
                let upload = try admission.putUpload(to: store.endpoint, expiration: end)
                return .put(try signer.presign(upload, credentials: credentials, at: now))
            } catch {
                switch error {
                case .formTooLarge: throw Refusal.headersTooLarge
                case .fieldValueInvalid: throw Refusal.headerImpossible
                default: throw error
                }
            }
        }
    }

    /// - Throws: `CredentialError` if the session token makes the form or the policy too large; otherwise `Refusal.formTooLarge` or
    ///   `.policyTooLong`
    private func sign(
        _ policy: UploadPolicy, for store: Store, with credentials: SigningCredentials, at now: Date
    ) throws -> SignedForm {
        do {
            let form = try signer.sign(policy, version: store.signature, credentials: credentials, region: store.region, at: now)
            if let max = store.maxPolicyBytes, form.policyBytes > max { throw store.tooLong(form, max: max, with: credentials) }
            return form
        } catch let error as PolicyError {
            if let sessionTokenError = credentials.sessionTokenError(error) { throw sessionTokenError }
            if case .formTooLarge = error { throw Refusal.formTooLarge }
            throw error
        }
    }
}

extension Store {
    /// Why a policy that is longer than the store takes cannot be signed: the session token, if the policy fits without it.
    fileprivate func tooLong(_ form: SignedForm, max: Int, with credentials: SigningCredentials) -> any Error {
        if let token = credentials.sessionToken {
            let condition = "{\"X-Amz-Security-Token\":\"\"},".utf8.count + token.utf8.count
            if (form.policyJSON.count - condition + 2) / 3 * 4 <= max {
                return CredentialError.unavailable(
                    """
                    the session token is \(token.utf8.count) bytes long, and with it the policy is over the store's \(max) bytes: sign \
                    with credentials without a session token
                    """)
            }
        }
        return Refusal.policyTooLong(bytes: form.policyBytes, max: max)
    }
}

/// When a ticket ends: after the rule's time, or earlier if the credentials end first.
///
/// A store refuses an upload whose session has ended, whatever was signed as its end.
struct TicketExpiry {
    /// Tickets end this many seconds before their credentials.
    static let margin = 60.0
    /// The shortest lifetime, in seconds: a ticket that the credentials would make shorter is not issued.
    static let shortest = 30.0

    /// The end, in whole seconds.
    let instant: Date

    /// - Throws: `credentials-unavailable` if the credentials end too soon
    init(ruleSeconds: Int, credentials: SigningCredentials, at now: Date) throws(ProblemDetails) {
        let wanted = now.timeIntervalSince1970 + Double(ruleSeconds)
        guard let end = credentials.expiration?.timeIntervalSince1970 else {
            instant = Date(timeIntervalSince1970: wanted.rounded(.down))
            return
        }
        let possible = min(wanted, end - Self.margin)
        guard possible >= wanted || possible - now.timeIntervalSince1970 >= Self.shortest else {
            throw ProblemDetails(
                .credentialsUnavailable,
                detail: "The service's AWS credentials are about to expire and are being renewed: try again in a moment.",
                retryAfter: 5)
        }
        instant = Date(timeIntervalSince1970: possible.rounded(.down))
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
