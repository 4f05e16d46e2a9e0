// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import NIOCore
import TenantRules

/// `POST /v1/tickets`: one ticket.
struct TicketRoute: Sendable {
    let desk: TicketDesk
    let limits: ConnectionLimits

    func respond(to request: Request, _ context: TenantContext) async throws -> Response {
        let body = try await JSONBody.read(request, limit: limits.maxBodyBytes)
        let ticket = try desk.ticket(for: UploadRequest(body), context)
        return Response(
            status: .created,
            headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: ticket.json()))
        )
    }
}
