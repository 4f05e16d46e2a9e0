// SPDX-License-Identifier: Apache-2.0

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

/// What `postern explain` prints.
struct ExplainReport {
    private let judgement: TicketJudgement
    private let tenant: Tenant
    private let caller: ExplainedCaller
    /// The rule that the request names; nil if it names none.
    private let rule: String?

    init(_ judgement: TicketJudgement, tenant: Tenant, caller: ExplainedCaller, rule: String?) {
        self.judgement = judgement
        self.tenant = tenant
        self.caller = caller
        self.rule = rule
    }

    private func advice(_ cause: TicketJudgement.Cause) -> String {
        cause.advice(rule: rule, among: tenant.rules.map(\.name))
    }

    // MARK: For people

    /// The answer and the place in the first two lines.
    var text: String {
        let lines =
            switch judgement.outcome {
            case .yes(let ticket, let place): yes(ticket, place)
            case .no(let problem, let cause, let place): no(problem, cause, place)
            }
        // Values of options and of files can have control characters.
        return lines.map { $0.printable() }.joined(separator: "\n")
    }

    private func no(_ problem: ProblemDetails, _ cause: TicketJudgement.Cause, _ place: DecidingPlace?) -> [String] {
        [
            "no: \(problem.code.status) \(problem.code.rawValue) for \(callerText)",
            place?.description ?? "No line of the tenant's file decides this, but the request itself.",
            "The client gets: \(problem.detail)",
            "What to do: \(advice(cause))",
        ]
    }

    private func yes(_ ticket: TicketJudgement.ExampleTicket, _ place: DecidingPlace) -> [String] {
        let (store, admission) = (ticket.rule.store, ticket.admission)
        var rows: [(name: String, value: String)] = [
            ("caller", callerText),
            ("bucket", "\(store.bucket), region \(store.region)" + (store.name.map { ", store \($0)" } ?? "")),
            ("method", "\(store.method.rawValue.uppercased()) \(ticket.url)"),
            ("key", admission.key.text),
            ("content type", admission.contentType),
            ("sizes", ticket.sizesText),
            ("ends", "\(ticket.seconds) seconds after the request"),
        ]
        if admission.key.text.contains(TicketJudgement.exampleID) {
            rows.insert(("", "(\(TicketJudgement.exampleID) is an example: each ticket has an id of its own)"), at: 4)
        }
        for limit in ticket.limits { rows.append(("limit", "\(limit.text), not counted here")) }
        var lines = ["yes: the rule \(ticket.rule.name) of the tenant \(tenant.id)", place.description, ""]
        lines += Self.table(rows)
        switch ticket.upload {
        case .post(let form, _):
            lines += ["", "The form's fields, in their order; the file follows as the last one:"]
            lines += Self.table(ticket.fields.map { ($0.name, $0.value) })
            lines += ["", "The policy, as JSON:"]
            lines += String(indenting: form.policyJSON).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        case .put(let put):
            lines += ["", "The header fields to send:"]
            lines += Self.table(put.headers.map { ($0.name, $0.value) })
        }
        lines += ["", "Nothing can be uploaded with this: the service's credentials sign each ticket."]
        return lines
    }

    private var callerText: String {
        switch caller {
        case .token(let token, _): "the user \(token.user.quoted) of \(token.issuer.quoted)"
        case .apiKey(let key, let user): "the API key \(key.id)" + (user.map { ", for the user \($0.quoted)" } ?? "")
        }
    }

    private static func table(_ rows: [(name: String, value: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" }
    }

    // MARK: For programs

    /// `{"allowed", "tenant", "rule", "place", …}`: with `ticket` for yes, with `problem` and `advice` for no.
    var json: String {
        let json = JSONWriter.object { json in
            json.member("allowed", judgement.isYes)
            json.member("tenant", tenant.id)
            switch judgement.outcome {
            case .yes(let ticket, let place):
                json.member("rule", ticket.rule.name)
                write(place, to: &json)
                write(ticket, to: &json)
            case .no(let problem, let cause, let place):
                json.member("rule", rule)
                write(place, to: &json)
                json.object("problem") { json in
                    json.member("code", problem.code.rawValue)
                    json.member("status", problem.code.status)
                    json.member("title", problem.code.title)
                    json.member("detail", problem.detail)
                    for extra in problem.extras {
                        switch extra {
                        case .int(let name, let value): json.member(name, value)
                        case .string(let name, let value): json.member(name, value)
                        case .strings(let name, let values): json.member(name, values)
                        }
                    }
                }
                json.member("advice", advice(cause))
            }
        }
        return String(decoding: json, as: UTF8.self).printableJSON
    }

    private func write(_ place: DecidingPlace?, to json: inout JSONWriter) {
        json.key("place")
        guard let place else {
            json.null()
            return
        }
        json.object { json in
            json.member("file", place.file)
            json.member("line", place.line)
            json.member("column", place.column)
            json.member("key", place.key)
            json.member("text", place.text)
            json.member("isDefault", place.isDefault)
        }
    }

    private func write(_ ticket: TicketJudgement.ExampleTicket, to json: inout JSONWriter) {
        let (store, admission) = (ticket.rule.store, ticket.admission)
        json.object("ticket") { json in
            json.member("signed", false)
            json.member("exampleId", TicketJudgement.exampleID)
            json.member("bucket", store.bucket)
            json.member("region", store.region)
            json.member("method", store.method.rawValue.uppercased())
            json.member("url", ticket.url)
            json.member("key", admission.key.text)
            json.member("contentType", admission.contentType)
            json.member("minSize", admission.sizes.lowerBound)
            json.member("maxSize", admission.sizes.upperBound)
            json.member("expiresIn", ticket.seconds)
            json.object("headers") { json in
                guard case .put(let put) = ticket.upload else { return }
                for header in put.headers { json.member(header.name, header.value) }
            }
            json.object("fields") { json in
                for field in ticket.fields { json.member(field.name, field.value) }
            }
            json.key("policy")
            if case .post(let form, _) = ticket.upload { json.raw(form.policyJSON) } else { json.null() }
            json.array("limits", of: ticket.limits) { json, limit in
                json.object { json in
                    json.member("scope", limit.scope)
                    json.member("tickets", limit.limit.count)
                    json.member("seconds", limit.limit.seconds)
                }
            }
        }
    }
}

extension TicketJudgement.ExampleTicket {
    /// Where the file is sent; of a `PUT` without the query, which is the signature.
    var url: String {
        switch upload {
        case .post(_, let url): url
        case .put(let put): String(put.url.prefix { $0 != "?" })
        }
    }

    /// The form's fields, without policy and signature, which are encodings; empty for a `PUT`.
    var fields: [FormField] {
        guard case .post(let form, _) = upload else { return [] }
        return form.fields.map { field in
            switch field.name {
            case "Policy", "policy": FormField(name: field.name, value: "(the policy in base64)")
            case "X-Amz-Signature", "signature": FormField(name: field.name, value: "(not signed)")
            default: field
            }
        }
    }

    /// How long the ticket lasts, as the service tells it.
    var seconds: Int { Int(end.timeIntervalSince1970) - Int(now.timeIntervalSince1970) }

    fileprivate var sizesText: String {
        let sizes = admission.sizes
        return sizes.count == 1 ? "exactly \(sizes.lowerBound) bytes" : "\(sizes.lowerBound) to \(sizes.upperBound) bytes"
    }

    fileprivate var limits: [(scope: String, limit: RateLimit, text: String)] {
        func limit(_ scope: String, _ limit: RateLimit?, _ whose: String) -> (scope: String, limit: RateLimit, text: String)? {
            limit.map { (scope, $0, "\($0.count) tickets in \($0.seconds) s for \(whose)") }
        }
        return [
            limit("user", rule.limits.perUser, "each user"), limit("tenant", rule.limits.perTenant, "all users of the tenant"),
        ].compactMap(\.self)
    }
}
