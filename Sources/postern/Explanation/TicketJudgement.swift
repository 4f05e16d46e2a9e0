// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PostPolicy
import PosternServer
import RuleFiles
import UploadRules
import UserAuth
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the service would answer to a request, and the place that decides it.
///
/// Every check is the service's own, in the service's order. Only credentials and limits are left out.
struct TicketJudgement {
    /// What stands for the `{uuid}` of a ticket.
    static let exampleID = "0198f3c2-79b0-7fff-bfff-ffffffffffff"
    /// As long as those of AWS, so that a policy is as long as with real ones. Nobody accepts them.
    static let standIn = SigningCredentials(accessKeyID: "EXAMPLENOTAREALKEYID", secretAccessKey: "example")

    enum Outcome {
        case yes(ExampleTicket, DecidingPlace)
        case no(ProblemDetails, Cause, DecidingPlace?)
    }

    /// Which check failed.
    enum Cause {
        case authentication(AuthenticationError)
        case access(AccessError)
        case refusal(Refusal)
        /// The request is not one that the service reads.
        case request
    }

    /// A ticket without a signature.
    struct ExampleTicket {
        let rule: UploadRule
        let admission: Admission
        let upload: SignedUpload
        let now: Date
        let end: Date
    }

    let outcome: Outcome

    var isYes: Bool { if case .yes = outcome { true } else { false } }

    /// - Throws: `ValidationError` if no token can be as the options say; `SigningError` for a fault of this machine
    init(
        of request: JSONValue, by caller: ExplainedCaller, from origin: String? = nil, in files: UsableFiles,
        _ places: RuleFilePlaces,
        at now: Date
    ) throws {
        var principal: Principal?
        var rule: UploadRule?
        var name: String?
        do {
            let authenticated = try caller.principal(at: now)
            principal = authenticated
            guard let index = TenantDirectory(files.book).index(of: authenticated), files.book.files[index] === files.file else {
                throw AccessError.tenantUnknown
            }
            let tenant = files.file.tenant
            try tenant.checkAccess(of: authenticated, from: origin)
            let request = try UploadRequest(request)
            name = request.rule
            let uploader = try authenticated.uploader(for: request, of: tenant, keyIssuers: files.file.keyIssuers)
            let found = try authenticated.rule(named: name, of: tenant)
            rule = found
            let admission = try found.admit(request, uploader: uploader, uuid: Self.exampleID, at: now)
            guard let expiry = TicketExpiry(ruleSeconds: found.expiry, credentials: Self.standIn, at: now) else {
                throw SigningError.failed(.credentialsExpired)
            }
            let upload = try Self.sign(admission, for: found.store, until: expiry.instant, at: now)
            outcome = .yes(
                ExampleTicket(rule: found, admission: admission, upload: upload, now: now, end: expiry.instant),
                places.place(ofRule: found.name))
        } catch let error as Refusal {
            let place = principal.map { places.place(of: error, by: rule, named: name, caller: $0) }
            outcome = .no(ProblemDetails(error), .refusal(error), place)
        } catch let error as AccessError {
            let place = principal.flatMap { places.place(of: error, caller: $0, user: caller.user) }
            outcome = .no(ProblemDetails(error), .access(error), place)
        } catch let error as AuthenticationError {
            outcome = .no(ProblemDetails(error), .authentication(error), Self.place(of: error, caller, places))
        } catch let problem as ProblemDetails {
            outcome = .no(problem, .request, nil)
        }
    }

    private static func sign(
        _ admission: Admission, for store: Store, until end: Date, at now: Date
    ) throws -> SignedUpload {
        do throws(SigningError) {
            return try admission.sign(for: store, until: end, by: PolicySigner(), with: standIn, at: now)
        } catch {
            if case .refused(let refusal) = error { throw refusal }
            throw error
        }
    }

    private static func place(
        of error: AuthenticationError, _ caller: ExplainedCaller, _ places: RuleFilePlaces
    ) -> DecidingPlace? {
        switch caller {
        case .token(_, let declared): places.place(of: error, issuer: declared.owner == nil ? nil : declared.issuer, keyID: nil)
        case .apiKey(let key, _): places.place(of: error, issuer: nil, keyID: key.id)
        }
    }
}
