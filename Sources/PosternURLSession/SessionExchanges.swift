// SPDX-License-Identifier: Apache-2.0

import Foundation
import PosternClient
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The requests of a session that have not ended: its delegate.
final class SessionExchanges: NSObject, URLSessionDataDelegate {
    private struct Exchange {
        let limit: Int
        let progress: @Sendable (Int64) -> Void
        let end: AsyncStream<Result<TransportResponse, TransportError>>.Continuation
        var body: [UInt8] = []
        var isTooLarge = false
    }

    private let running = Mutex<[Int: Exchange]>([:])

    /// Runs a task of the session to its end, or cancels it with the current task.
    func run(
        _ task: URLSessionTask, limit: Int, progress: @escaping @Sendable (Int64) -> Void
    ) async -> Result<TransportResponse, TransportError> {
        let (ends, end) = AsyncStream.makeStream(of: Result<TransportResponse, TransportError>.self)
        running.withLock { $0[task.taskIdentifier] = Exchange(limit: limit, progress: progress, end: end) }
        defer { running.withLock { $0[task.taskIdentifier] = nil } }
        return await withTaskCancellationHandler {
            task.resume()
            for await result in ends { return result }
            // The stream ends with the current task.
            return .failure(.network("the request was cancelled"))
        } onCancel: {
            task.cancel()
        }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didSendBodyData bytesSent: Int64, totalBytesSent: Int64,
        totalBytesExpectedToSend: Int64
    ) {
        running.withLock { $0[task.taskIdentifier]?.progress }?(totalBytesSent)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = running.withLock { running in
            guard var exchange = running.removeValue(forKey: dataTask.taskIdentifier) else { return false }
            exchange.isTooLarge = exchange.isTooLarge || exchange.body.count + data.count > exchange.limit
            if !exchange.isTooLarge { exchange.body += data }
            running[dataTask.taskIdentifier] = exchange
            return exchange.isTooLarge
        }
        if isTooLarge { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse, newRequest: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        // A ticket is for one store, a token for one Postern.
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let exchange = running.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        if exchange.isTooLarge {
            exchange.end.yield(.failure(.tooLarge))
        } else if let error {
            exchange.end.yield(.failure(TransportError(error)))
        } else {
            exchange.end.yield(
                TransportResponse(task.response, body: exchange.body).map { .success($0) }
                    ?? .failure(.network("there was no answer")))
        }
        exchange.end.finish()
    }
}

extension TransportResponse {
    init?(_ response: URLResponse?, body: [UInt8]) {
        guard let response = response as? HTTPURLResponse else { return nil }
        let headers = response.allHeaderFields.compactMap { name, value in
            (name as? String).map { (name: $0, value: "\(value)") }
        }
        self.init(status: response.statusCode, headers: headers, body: body)
    }
}

extension TransportError {
    init(_ error: any Error) {
        let reason = error.localizedDescription
        switch (error as? URLError)?.code {
        case .timedOut: self = .timedOut
        case .appTransportSecurityRequiresSecureConnection, .badURL, .unsupportedURL, .secureConnectionFailed,
            .serverCertificateHasBadDate, .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid,
            .serverCertificateUntrusted:
            self = .refused(reason)
        default: self = .network(reason)
        }
    }
}
