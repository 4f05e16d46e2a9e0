// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PostPolicy
import RuleFiles
import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Uploads small files by tickets of one rule: one that is right, and others that the store must refuse.
struct RuleExamination: Sendable {
    let rule: UploadRule
    let tenant: String
    /// The origin of the page that the files seem to come from; nil if the tenant has none.
    let origin: String?
    /// Those that were refused by a preflight of the store, whose answers browsers hide.
    let refusedOrigins: Set<String>
    /// Those for which a `PUT` of this rule is examined.
    let origins: [String]
    let client: StoreClient
    let signer: SigningCredentials
    let reader: SigningCredentials
    let remedies: Remedies

    var scope: Finding.Scope { .rule(rule.name) }
    private var cors: CORSExamination { CORSExamination(scope: scope, client: client, remedies: remedies) }

    /// The result of trying a rule.
    struct Result {
        var findings: [Finding] = []
        /// Whether no rule of the store can be tried.
        var isProblemOfStore = false
    }

    func run() async -> Result {
        var left = LeftFiles()
        var result = await examine(&left)
        if !left.isEmpty { result.findings += await left.remove(from: client, by: reader, scope) }
        return result
    }

    private func examine(_ left: inout LeftFiles) async -> Result {
        var result = Result()
        let now = client.transport.now()
        guard let end = TicketExpiry(ruleSeconds: rule.expiry, credentials: signer, at: now)?.instant else {
            result.findings.append(Finding(scope, .upload, .notKnown, Self.credentialsEnd))
            return result
        }
        let tickets: TestTickets
        let ticket: TestTicket
        do throws(TestTicketError) {
            tickets = try TestTickets(rule, of: tenant, credentials: signer, at: now)
            ticket = try tickets.ticket(
                .init(size: tickets.size, checked: tickets.content, start: now, end: end), isExact: false)
        } catch {
            result.findings.append(Finding(scope, .upload, .notKnown, error.text, advice: error.advice))
            return result
        }
        var origin = origin
        if case .put(let put) = ticket.upload {
            let (preflights, refused) = await cors.preflights(
                of: origins, .put, url: put.url, headers: put.headers.map(\.name.asciiLowercased))
            result.findings += preflights
            if let from = origin, refused.contains(from) { origin = nil }
        }
        if let from = origin, refusedOrigins.contains(from) { origin = nil }

        let answer: StoreAnswer
        do throws(OutgoingError) {
            answer = try await send(ticket, tickets.content, origin: origin, noting: &left)
        } catch {
            result.findings.append(Finding(scope, .upload, .notKnown, "the store did not answer: \(error)", advice: "try again"))
            return result
        }
        guard answer.isAccepted else {
            if answer.isRefused, hasEnded(end, at: answer) {
                result.findings.append(
                    Finding(
                        scope, .upload, .notKnown,
                        "the ticket, which is good for \(rule.expiry) s, had ended when the store answered: \(answer.summary)",
                        advice: "write a longer expiry in the rule in \(remedies.file), or compare the clocks"))
                return result
            }
            let explanation = Explanation(ofUpload: answer, rule, accessKeyID: signer.accessKeyID, remedies)
            result.findings.append(
                Finding(scope, explanation.check, explanation.verdict, explanation.text, advice: explanation.advice))
            result.isProblemOfStore = explanation.isOfStore
            return result
        }
        result.findings.append(
            Finding(scope, .upload, .ok, "\(tickets.size) bytes of \(ticket.admission.contentType) as \(ticket.key)"))
        if let origin { result.findings.append(cors.response(answer, to: origin, rule.store.method)) }

        let kept = KeptFields(scope: scope, rule: rule, ticket: ticket, size: tickets.size, client: client, reader: reader)
        result.findings += await kept.run(remedies)
        let checksum = await optionalChecksum(tickets, &left)
        if let checksum { result.findings.append(checksum) }
        for kind in UploadAttempt.Kind.allCases {
            // A store that takes no checksum does not compare it either.
            if kind == .wrongChecksum, let checksum, checksum.verdict != .ok { continue }
            if let finding = await attempt(kind, tickets, ticket, &left) { result.findings.append(finding) }
        }
        if rule.storage.mustBeNew { result.findings.append(await secondUpload(tickets, ticket, &left)) }
        return result
    }

    private static let credentialsEnd = "not tried: the credentials end too soon for a ticket"

    // MARK: Uploads

    private func send(
        _ ticket: TestTicket, _ content: [UInt8], _ change: UploadChange = UploadChange(), keySuffix: String = "",
        origin: String? = nil, noting left: inout LeftFiles
    ) async throws(OutgoingError) -> StoreAnswer {
        let key = ticket.key + keySuffix
        do throws(OutgoingError) {
            let answer = try await answer(to: ticket, content, change, origin: origin)
            left.add(key, answer)
            return answer
        } catch {
            left.add(key, error)
            throw error
        }
    }

    private func answer(
        to ticket: TestTicket, _ content: [UInt8], _ change: UploadChange, origin: String?
    ) async throws(OutgoingError) -> StoreAnswer {
        let page = origin.map { [HeaderField(name: "Origin", value: $0)] } ?? []
        switch ticket.upload {
        case .post(let signed, _):
            let form = FormBody(change.fields ?? signed.fields, file: content)
            return try await client.send(
                .post, rule.store.endpoint.url, headers: [HeaderField(name: "Content-Type", value: form.contentType)] + page,
                body: form.bytes)
        case .put(let put):
            return try await client.send(
                .put, change.url ?? put.url, headers: (change.headers ?? put.headers) + page, body: content)
        }
    }

    /// When the ticket of an attempt ends. It lasts longer than clocks may differ, whatever the rule says: a store that is slow must
    /// not refuse it for its age. Nil if the credentials end too soon.
    private func attemptEnd(_ now: Date) -> Date? {
        TicketExpiry(ruleSeconds: max(rule.expiry, 1000), credentials: signer, at: now)?.instant
    }

    /// Whether a ticket had ended when the store answered, by the store's clock or by this machine's.
    private func hasEnded(_ end: Date, at answer: StoreAnswer) -> Bool {
        max(client.transport.now(), answer.date ?? .distantPast) >= end
    }

    // MARK: What must be refused

    /// Tries what the store must refuse, with a ticket that is made for it.
    /// - Returns: nil if the rule or the store has no such thing
    private func attempt(
        _ kind: UploadAttempt.Kind, _ tickets: TestTickets, _ first: TestTicket, _ left: inout LeftFiles
    ) async -> Finding? {
        func notKnown(_ text: String, advice: String? = "try again") -> Finding {
            Finding(scope, .refuses, .notKnown, kind.subject, text, advice: advice)
        }
        let now = client.transport.now()
        guard let end = attemptEnd(now) else { return notKnown(Self.credentialsEnd, advice: nil) }
        let answer: StoreAnswer
        let key: String
        do {
            guard let attempt = try tickets.attempt(kind, at: now, until: end) else { return nil }
            key = attempt.key
            answer = try await send(attempt.ticket, attempt.content, attempt.change, keySuffix: attempt.keySuffix, noting: &left)
        } catch let error as TestTicketError {
            return notKnown(error.text, advice: error.advice)
        } catch {
            return notKnown("the store did not answer: \(error)")
        }
        if answer.isAccepted {
            if kind == .unsignedACL { return await unsignedACL(answer, key, first) }
            let (text, verdict) = kind.meaning(for: rule)
            return Finding(
                scope, .refuses, verdict, kind.subject, "the store took it (\(answer.status)): \(text)",
                advice: verdict == .wrong ? Self.remedy : nil)
        }
        guard answer.isRefused else { return notKnown("the store answered \(answer.summary)") }
        guard answer.isJudgement else {
            return notKnown("the answer \(answer.summary) does not say that it is refused for this", advice: nil)
        }
        guard kind == .expired || !hasEnded(end, at: answer) else {
            return notKnown("the ticket had ended when the store answered: \(answer.summary)")
        }
        return Finding(scope, .refuses, .ok, kind.subject, answer.summary)
    }

    private static let remedy =
        "update the store, or use another one for files of users whom you do not trust: docs/stores.md has what is known"

    /// What it means that the store took an ACL that is not signed: nothing, unless anyone can read the file by it.
    private func unsignedACL(_ answer: StoreAnswer, _ key: String, _ first: TestTicket) async -> Finding {
        let kind = UploadAttempt.Kind.unsignedACL
        func isReadable(_ key: String) async -> Bool {
            do throws(OutgoingError) {
                return (200..<300).contains(try await client.send(.head, client.url(of: key)).status)
            } catch {
                return false
            }
        }
        guard await isReadable(key), await !isReadable(first.key) else {
            let (text, verdict) = kind.meaning(for: rule)
            return Finding(scope, .refuses, verdict, kind.subject, "the store took it (\(answer.status)): \(text)")
        }
        let hasNone = rule.storage.acl == nil && rule.store.endpoint.standardACL != nil
        return Finding(
            scope, .refuses, .wrong, kind.subject, "the store took it (\(answer.status)): a client can make files public",
            advice: hasNone
                ? "remove acl: none from the rule in \(remedies.file): then acl: private is signed"
                : "forbid public ACLs in the bucket (block public access, object ownership), or write acl: private in the rule in \(remedies.file)"
        )
    }

    /// Uploads another file with the key of the first, which must not be replaced.
    private func secondUpload(_ tickets: TestTickets, _ first: TestTicket, _ left: inout LeftFiles) async -> Finding {
        func finding(_ verdict: Finding.Verdict, _ text: String, advice: String? = nil) -> Finding {
            Finding(scope, .refuses, verdict, "a second upload", text, advice: advice)
        }
        let now = client.transport.now()
        guard let end = attemptEnd(now) else { return finding(.notKnown, Self.credentialsEnd) }
        do {
            let ticket = try tickets.renewed(first, at: now, until: end)
            let answer = try await send(ticket, tickets.content, noting: &left)
            // "PutObject", Amazon S3 API Reference, If-None-Match.
            if answer.status == 412 { return finding(.ok, answer.summary) }
            guard answer.isAccepted else {
                return finding(
                    .notKnown, "the store answered \(answer.summary), which does not say that the file is there already",
                    advice: "try again")
            }
            return finding(
                .wrong, "the store ignores If-None-Match and replaced the file, so overwrite: never guards nothing",
                advice: "make keys unique with {uuid}, and remove overwrite: never, or update the store")
        } catch let error as TestTicketError {
            return finding(.notKnown, error.text, advice: error.advice)
        } catch {
            return finding(.notKnown, "the store did not answer: \(error)", advice: "try again")
        }
    }

    // MARK: What must be accepted

    /// Uploads a right file with a right checksum, if clients may send one and need not.
    private func optionalChecksum(_ tickets: TestTickets, _ left: inout LeftFiles) async -> Finding? {
        guard !rule.checksum.isRequired, rule.checksum.computable != nil else { return nil }
        func finding(_ verdict: Finding.Verdict, _ text: String, advice: String? = nil) -> Finding {
            Finding(scope, .upload, verdict, "with a checksum", text, advice: advice)
        }
        let now = client.transport.now()
        guard let end = attemptEnd(now) else { return finding(.notKnown, Self.credentialsEnd) }
        do {
            let ticket = try tickets.ticket(
                .init(size: tickets.size, checked: tickets.content, hasChecksum: true, start: now, end: end))
            let answer = try await send(ticket, tickets.content, noting: &left)
            if answer.isAccepted { return finding(.ok, "the store takes a right checksum") }
            guard answer.isRefused, answer.isJudgement, !hasEnded(end, at: answer) else {
                return finding(.notKnown, "the store answered \(answer.summary)", advice: "try again")
            }
            return finding(
                .wrong, "the store refuses a right file with a right checksum: \(answer.summary)",
                advice:
                    "let clients of the rule send no checksum, or update the store: docs/stores.md has what is known of checksums"
            )
        } catch let error as TestTicketError {
            return finding(.notKnown, error.text, advice: error.advice)
        } catch {
            return finding(.notKnown, "the store did not answer: \(error)", advice: "try again")
        }
    }
}
