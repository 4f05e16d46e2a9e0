// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Asks Postern, with the app's token.
struct ServiceConnection: Sendable {
    /// More than any answer of Postern to one client has: a ticket has at most 20 KB of fields.
    private static let maximumBytes = 256 * 1024

    /// Without a slash at the end.
    let endpoint: String
    let tokens: TokenSource
    let transport: any UploadTransport
    let timeout: Duration

    func rules() async throws(UploadError) -> [PosternClient.Rule] {
        let response = try await response("GET", "/v1/rules")
        guard response.status == 200, let list: RuleList = Self.decode(response.body) else { throw Self.error(response) }
        return list.rules
    }

    func ticket(_ request: TicketRequest) async throws(UploadError) -> Ticket {
        guard let body = try? JSONEncoder().encode(request) else {
            throw UploadError(.fileUnreadable, "The request for a ticket cannot be written as JSON: check names and metadata.")
        }
        let response = try await response("POST", "/v1/tickets", body: Array(body))
        guard response.status == 201, let ticket: Ticket = Self.decode(response.body) else { throw Self.error(response) }
        return ticket
    }

    /// Sends a request, and once more with another token if the first is refused.
    private func response(_ method: String, _ path: String, body: [UInt8] = []) async throws(UploadError) -> TransportResponse {
        let token = try await tokens.token()
        let first = try await send(method, path, body: body, token: token)
        guard first.status == 401, let other = try await tokens.token(insteadOf: token) else { return first }
        return try await send(method, path, body: body, token: other)
    }

    private func send(_ method: String, _ path: String, body: [UInt8], token: String) async throws(UploadError)
        -> TransportResponse
    {
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UploadError(.tokenUnavailable, "The token is empty, or has characters that no token has.")
        }
        guard !Task.isCancelled else { throw .aborted }
        var headers = [(name: "Authorization", value: "Bearer \(token)"), (name: "Accept", value: "application/json")]
        if !body.isEmpty { headers.append((name: "Content-Type", value: "application/json")) }
        let request = TransportRequest(
            method: method, url: endpoint + path, headers: headers, body: body, timeout: timeout, responseLimit: Self.maximumBytes
        )
        do throws(TransportError) {
            return try await transport.send(request)
        } catch {
            if Task.isCancelled { throw .aborted }
            throw UploadError(error, of: "Postern", at: endpoint)
        }
    }

    private static func error(_ response: TransportResponse) -> UploadError {
        UploadError(response) { decode($0) }
    }

    private static func decode<Value: Decodable>(_ bytes: [UInt8]) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(bytes))
    }
}
