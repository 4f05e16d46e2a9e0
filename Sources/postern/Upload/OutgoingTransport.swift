// SPDX-License-Identifier: Apache-2.0

import OutgoingHTTP
import PosternClient
import Synchronization

/// Sends the client's requests as Postern sends its own, directly or through a proxy.
struct OutgoingTransport: UploadTransport {
    /// A PEM file of the certificate authorities to trust instead of the system's.
    let authorities: String?
    let proxies: ProxySettings

    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        try await response(outgoing(request))
    }

    func upload(
        _ request: TransportRequest, body: UploadBody, progress: @escaping @Sendable (Int64) -> Void
    ) async throws(TransportError) -> TransportResponse {
        let failure = Failure()
        var outgoing = outgoing(request)
        outgoing.stream = OutgoingStream(
            length: body.byteCount,
            read: { offset, buffer in
                do throws(UploadError) {
                    return try body.read(at: offset, into: buffer)
                } catch {
                    failure.note(error)
                    throw error
                }
            },
            progress: progress)
        do throws(TransportError) {
            return try await response(outgoing)
        } catch {
            // The HTTP client has errors of its own for a body that ends too early.
            throw failure.error.map(TransportError.body) ?? error
        }
    }

    private func outgoing(_ request: TransportRequest) -> OutgoingRequest {
        OutgoingRequest(
            OutgoingRequest.Method(rawValue: request.method) ?? .post, request.url, headers: request.headers, body: request.body,
            timeout: request.timeout, limit: request.responseLimit, authorities: authorities, forbidden: [.linkLocal],
            proxies: proxies)
    }

    private func response(_ request: OutgoingRequest) async throws(TransportError) -> TransportResponse {
        do throws(OutgoingError) {
            let response = try await request.send()
            return TransportResponse(
                status: response.status, headers: response.headers.flatMap { name, values in values.map { (name, $0) } },
                body: response.body)
        } catch {
            throw TransportError(error)
        }
    }

    /// Why the body could not be read.
    private final class Failure: Sendable {
        private let first = Mutex<UploadError?>(nil)

        var error: UploadError? { first.withLock { $0 } }

        func note(_ error: UploadError) {
            first.withLock { $0 = $0 ?? error }
        }
    }
}

extension TransportError {
    fileprivate init(_ error: OutgoingError) {
        switch error {
        case .unreachable(let reason): self = .network(reason)
        case .timedOut, .proxy(_, .timedOut): self = .timedOut
        case .tooLarge: self = .tooLarge
        case .broken, .proxy(_, .unreachable), .proxy(_, .broken): self = .network(error.description)
        case .tls, .forbiddenAddress, .badURL, .authorities, .proxy: self = .refused(error.description)
        }
    }
}
