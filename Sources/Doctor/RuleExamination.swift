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
        /// Why no rule of the store could be tried; nil if others can.
        var problemOfStore: String?
    }

    func run() async -> Result {
        var result = Result()
        let now = client.transport.now()
        let tickets: TestTickets
        let ticket: TestTicket
        do throws(TestTicketError) {
            tickets = try TestTickets(rule, of: tenant, credentials: signer, at: now)
            ticket = try tickets.ticket(
                .init(size: tickets.size, checked: tickets.content, start: now, end: end(from: now)), isExact: false)
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
            answer = try await send(ticket, tickets.content, origin: origin)
        } catch {
            result.findings.append(Finding(scope, .upload, .notKnown, "the store did not answer: \(error)", advice: "try again"))
            return result
        }
        guard answer.isAccepted else {
            let explanation = Explanation(ofUpload: answer, rule, accessKeyID: signer.accessKeyID, remedies)
            result.findings.append(
                Finding(scope, explanation.check, explanation.verdict, explanation.text, advice: explanation.advice))
            if explanation.isOfStore { result.problemOfStore = explanation.text }
            return result
        }
        result.findings.append(
            Finding(scope, .upload, .ok, "\(tickets.size) bytes of \(ticket.admission.contentType) as \(ticket.key)"))
        if let origin { result.findings.append(cors.response(answer, to: origin, rule.store.method)) }
        var left = [LeftFile(ticket.key, answer)]

        let kept = KeptFields(scope: scope, rule: rule, ticket: ticket, size: tickets.size, client: client, reader: reader)
        result.findings += await kept.run(remedies)
        result.findings += await refusals(tickets, ticket, &left)
        result.findings += await remove(left)
        return result
    }

    /// When a ticket of the rule ends, by the service's rule: before the credentials do.
    private func end(from now: Date) -> Date {
        let end = now.addingTimeInterval(Double(rule.expiry))
        guard let last = signer.expiration?.addingTimeInterval(-60), last > now else { return end }
        return min(end, last)
    }

    // MARK: Uploads

    private func send(
        _ ticket: TestTicket, _ content: [UInt8], _ change: UploadChange = UploadChange(), origin: String? = nil
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

    // MARK: Refusals

    private func refusals(_ tickets: TestTickets, _ first: TestTicket, _ left: inout [LeftFile]) async -> [Finding] {
        var findings: [Finding] = []
        let attempts: [UploadAttempt]
        let now = client.transport.now()
        do throws(TestTicketError) {
            attempts = try tickets.attempts(at: now, until: end(from: now))
        } catch {
            return [Finding(scope, .refuses, .notKnown, error.text, advice: error.advice)]
        }
        for attempt in attempts {
            let answer: StoreAnswer
            do throws(OutgoingError) {
                answer = try await send(attempt.ticket, attempt.content, attempt.change)
            } catch {
                findings.append(
                    Finding(
                        scope, .refuses, .notKnown, attempt.subject, "the store did not answer: \(error)", advice: "try again"))
                continue
            }
            if answer.isAccepted {
                left.append(LeftFile(attempt.ticket.key + attempt.keySuffix, answer))
                findings.append(
                    Finding(
                        scope, .refuses, attempt.verdict, attempt.subject,
                        "the store took it (\(answer.status)): \(attempt.text)",
                        advice: attempt.verdict == .wrong ? Self.remedy : nil))
            } else if answer.isRefused {
                findings.append(Finding(scope, .refuses, .ok, attempt.subject, answer.summary))
            } else {
                findings.append(
                    Finding(
                        scope, .refuses, .notKnown, attempt.subject, "the store answered \(answer.summary)", advice: "try again"))
            }
        }
        if rule.storage.mustBeNew { findings.append(await secondUpload(tickets, first, &left)) }
        return findings
    }

    private static let remedy =
        "update the store, or use another one for files of users whom you do not trust: docs/stores.md has what is known"

    /// Uploads another file by the ticket of the first, which must not replace it.
    private func secondUpload(_ tickets: TestTickets, _ first: TestTicket, _ left: inout [LeftFile]) async -> Finding {
        let subject = "a second upload"
        do throws(OutgoingError) {
            let answer = try await send(first, tickets.content)
            if answer.status == 412 || answer.isRefused {
                return Finding(scope, .refuses, .ok, subject, answer.summary)
            }
            guard answer.isAccepted else {
                return Finding(scope, .refuses, .notKnown, subject, "the store answered \(answer.summary)", advice: "try again")
            }
            left.append(LeftFile(first.key, answer))
            return Finding(
                scope, .refuses, .wrong, subject,
                "the store ignores If-None-Match and replaced the file, so overwrite: never guards nothing",
                advice: "make keys unique with {uuid}, and remove overwrite: never, or update the store")
        } catch {
            return Finding(scope, .refuses, .notKnown, subject, "the store did not answer: \(error)", advice: "try again")
        }
    }

    // MARK: Removal

    /// A file that was stored.
    private struct LeftFile {
        let key: String
        /// As the store named it; nil if it did not.
        let version: String?

        init(_ key: String, _ answer: StoreAnswer) {
            self.key = key
            version = answer["x-amz-version-id"].flatMap { $0 == "null" ? nil : $0 }
        }
    }

    private func remove(_ left: [LeftFile]) async -> [Finding] {
        var kept: [(key: String, reason: String)] = []
        var isForbidden = false
        for file in left {
            let reason: String
            do throws(OutgoingError) {
                var answer = try await delete(file.key, file.version)
                // Without the right to delete versions, a marker at least.
                if file.version != nil, !answer.isAccepted { answer = try await delete(file.key, nil) }
                guard !answer.isAccepted else { continue }
                isForbidden = isForbidden || answer.isForbidden
                reason =
                    answer.isForbidden ? "the signer may not delete (s3:DeleteObject)" : "the store answers \(answer.summary)"
            } catch {
                reason = "the store did not answer: \(error)"
            }
            if !kept.contains(where: { $0.key == file.key }) { kept.append((file.key, reason)) }
        }
        guard let first = kept.first else {
            return [Finding(scope, .removes, .ok, "what was uploaded was removed")]
        }
        let commands = kept.map {
            AWSCommand.s3api("delete-object", client.endpoint, "--key '\($0.key.replacing("'", with: "'\\''"))'")
        }
        return [
            Finding(
                scope, .removes, .note, "\(kept.count == 1 ? "one file stays" : "\(kept.count) files stay"): \(first.reason)",
                advice: "run:\n" + commands.joined(separator: "\n"), action: isForbidden ? "s3:DeleteObject" : nil)
        ]
    }

    private func delete(_ key: String, _ version: String?) async throws(OutgoingError) -> StoreAnswer {
        let query = version.map { "versionId=" + PercentEncoding.component.encode($0) } ?? ""
        return try await client.sendSigned(.delete, key: key, query: query, by: reader)
    }
}
