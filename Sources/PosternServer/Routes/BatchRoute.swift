// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// `POST /v1/tickets/batch`: up to 100 tickets; each entry is answered for itself, in the order asked.
struct BatchRoute: Sendable {
    static let maximum = 100

    let desk: TicketIssuer
    let metrics: ServiceMetrics

    func respond(to request: Request, _ context: TenantContext) throws -> Response {
        let asked = try entries(of: try JSONBody.read(request))
        var json = JSONWriter(capacity: 2048 * asked.count)
        json.beginObject()
        json.key("results")
        json.beginArray()
        for entry in asked {
            json.beginObject()
            json.key("status")
            do {
                let ticket = try desk.ticket(for: entry, context)
                json.int(201)
                json.key("ticket")
                ticket.write(to: &json)
            } catch {
                let problem = ProblemDetails(error)
                metrics.answered(problem.code)
                json.int(problem.code.status)
                json.key("problem")
                problem.write(to: &json, requestID: context.arrival.requestID)
            }
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return Response(status: 200, shared: PublicInterface.jsonFields, body: .bytes(json.finish()))
    }

    private func entries(of body: JSONValue) throws(ProblemDetails) -> [JSONValue] {
        let shape = "The body must be {\"tickets\": [ … ]} with 1 to \(Self.maximum) requests."
        guard case .object(let object) = body else { throw ProblemDetails(.invalidRequest, detail: shape) }
        var members = MemberReader(object)
        let entries = try members.array("tickets") ?? []
        try members.refuseOthers()
        guard (1...Self.maximum).contains(entries.count) else { throw ProblemDetails(.invalidRequest, detail: shape) }
        return entries
    }
}
