// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// `POST /v1/tickets`: one ticket, as JSON or as a form of HTML. Problems are JSON in any case.
struct TicketRoute: Sendable {
    let issuer: TicketIssuer

    func respond(to request: Request, _ context: TenantContext, _ lines: inout AuditLines) throws -> Response {
        let fields = context.info.snapshot.fields
        let format = TicketFormat(request.head)
        guard format != .json else {
            let ticket = try issuer.ticket(for: try request.json(), context, into: &lines)
            return Response(status: 201, shared: fields.ticket, body: .bytes(ticket.json()))
        }
        let form = UploadForm(try issuer.ticket(for: try request.json(), asForm: true, context, into: &lines))
        return Response(
            status: 201, shared: fields.form, fields: form.responseFields,
            body: .bytes(Array((format == .page ? form.page : form.fragment).utf8)))
    }
}

/// `GET /v1/presign`: one ticket, as the endpoint of Shrine's plugin `presign_endpoint` answers.
struct PresignRoute: Sendable {
    let issuer: TicketIssuer

    func respond(to head: RequestHead, _ context: TenantContext, _ lines: inout AuditLines) throws -> Response {
        let ticket = try issuer.ticket(forQuery: head.query, context, into: &lines)
        return Response(status: 200, shared: context.info.snapshot.fields.json, body: .bytes(ticket.presignJSON()))
    }
}

/// `POST /v1/tickets/batch`: up to 100 tickets. Each entry succeeds or fails by itself; results are in the order of the entries.
struct BatchRoute: Sendable {
    static let maximumEntries = 100

    let issuer: TicketIssuer
    let metrics: ServiceMetrics

    func respond(to request: Request, _ context: TenantContext, _ lines: inout AuditLines) throws -> Response {
        let entries = try Self.entries(of: try request.json())
        var json = JSONWriter(capacity: 2048 * entries.count)
        var tickets = 0
        json.beginObject()
        json.key("results")
        json.beginArray()
        for entry in entries {
            json.beginObject()
            json.key("status")
            do {
                let ticket = try issuer.ticket(for: entry, context, into: &lines)
                tickets += 1
                json.int(201)
                json.key("ticket")
                ticket.write(to: &json)
            } catch {
                let problem = ProblemDetails(error)
                metrics.countProblem(problem.code)
                json.int(problem.code.status)
                json.key("problem")
                problem.write(to: &json, requestID: context.info.requestID)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        // With an audit log they count once their lines are written.
        if issuer.audit == nil { metrics.countBatchTickets(tickets) }
        return Response(status: 200, shared: context.info.snapshot.fields.json, body: .bytes(json.finish()))
    }

    private static func entries(of body: JSONValue) throws(ProblemDetails) -> [JSONValue] {
        let shape = "The body must be {\"tickets\": [ … ]} with 1 to \(maximumEntries) requests."
        guard case .object(let object) = body else { throw ProblemDetails(.invalidRequest, detail: shape) }
        var members = MemberReader(object)
        let entries = try members.array("tickets") ?? []
        try members.rejectUnknownMembers()
        guard (1...maximumEntries).contains(entries.count) else { throw ProblemDetails(.invalidRequest, detail: shape) }
        return entries
    }
}
