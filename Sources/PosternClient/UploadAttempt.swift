// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One attempt after the other to upload one file, and what they share: the ticket while it is valid, and the checksum.
struct UploadAttempt {
    /// How long before its end a ticket is no longer used.
    private static let margin = Duration.seconds(2)

    private let client: PosternClient
    private let source: SourceFile
    private let filename: String
    private var request: TicketRequest
    private var held: (ticket: Ticket, end: Duration)?

    init(client: PosternClient, source: SourceFile, filename: String, rule: String?, options: UploadOptions) {
        self.client = client
        self.source = source
        self.filename = filename
        request = TicketRequest(rule: rule, options, filename: filename, size: source.size)
    }

    /// Takes a ticket if there is no valid one, and sends the file.
    mutating func run(_ reporter: ProgressReporter) async throws(UploadError) -> UploadResult {
        let ticket = try await currentTicket()
        do throws(UploadError) {
            let boundary = Ticket.makeBoundary()
            let response = try await send(
                try ticket.request(boundary: boundary, timeout: client.configuration.stallTimeout),
                try ticket.body(source, filename: filename, boundary: boundary), reporter)
            return try StoreAnswer(response).result(of: ticket, size: source.size)
        } catch {
            if error.needsNewTicket { held = nil }
            throw error
        }
    }

    /// The held ticket, or a new one. Its end is counted by this machine's clock from before the request, so that neither a wrong
    /// date nor a slow network makes it seem valid when it is not.
    mutating func currentTicket() async throws(UploadError) -> Ticket {
        if let held, client.timing.now() < held.end { return held.ticket }
        // Before a ticket is taken for a size that is wrong by now.
        try source.checkUnchanged()
        let start = client.timing.now()
        let ticket = try await takeTicket()
        held = (ticket, start + .seconds(ticket.expiresIn) - Self.margin)
        return ticket
    }

    private mutating func takeTicket() async throws(UploadError) -> Ticket {
        do throws(UploadError) {
            return try await client.service.ticket(request)
        } catch {
            // Hashing costs as much as reading the file, so it waits until Postern says that the rule wants it.
            guard error.code.rawValue == "checksum-required", request.checksum == nil else { throw error }
            guard let algorithm = FileChecksum.Algorithm.allCases.first(where: { error.allowed.contains($0.rawValue) }) else {
                throw UploadError(
                    .checksumUnsupported,
                    "The rule wants a checksum by one of \(error.allowed.joined(separator: ", ")), which this client does not know. "
                        + "Use a newer version of it.", status: error.status, requestID: error.requestID)
            }
            request.checksum = try await FileChecksum(algorithm, of: source)
            return try await client.service.ticket(request)
        }
    }

    private enum Outcome: Sendable {
        case response(TransportResponse)
        case failure(TransportError)
        case stalled
        case cancelled
    }

    /// Sends the body, and ends the request when nothing moves any more.
    private func send(
        _ request: TransportRequest, _ body: UploadBody, _ reporter: ProgressReporter
    ) async throws(UploadError) -> TransportResponse {
        guard !Task.isCancelled else { throw .aborted }
        let (transport, timing, limit) = (client.transport, client.timing, client.configuration.stallTimeout)
        let activity = Activity(timing.now())
        let outcome = await withTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do throws(TransportError) {
                    return .response(
                        try await transport.upload(request, body: body) { sent in
                            activity.note(timing.now())
                            reporter.report(body.fileBytes(among: sent))
                        })
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                while true {
                    let left = activity.last + limit - timing.now()
                    if left <= .zero { return .stalled }
                    do { try await timing.sleep(left) } catch { return .cancelled }
                }
            }
            let first = await group.next() ?? .cancelled
            group.cancelAll()
            return first
        }
        switch outcome {
        case .response(let response): return response
        case .failure(.body(let error)): throw error
        case .failure, .stalled, .cancelled: if Task.isCancelled { throw .aborted }
        }
        guard case .failure(let error) = outcome else { throw UploadError(.timedOut, of: "The store", at: request.url) }
        throw UploadError(error, of: "The store", at: request.url)
    }
}

/// When a byte was sent last.
private final class Activity: Sendable {
    private let instant: Mutex<Duration>

    init(_ instant: Duration) {
        self.instant = Mutex(instant)
    }

    var last: Duration { instant.withLock { $0 } }

    func note(_ now: Duration) {
        instant.withLock { $0 = now }
    }
}
