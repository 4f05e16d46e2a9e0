// SPDX-License-Identifier: Apache-2.0

import HTTPServer

/// `POST /v1/tickets`: one ticket.
struct TicketRoute: Sendable {
    let desk: TicketIssuer

    func respond(to request: Request, _ context: TenantContext) throws -> Response {
        let ticket = try desk.ticket(for: try JSONBody.read(request), context)
        return Response(status: 201, shared: PublicInterface.jsonFields, body: .bytes(ticket.json()))
    }
}
