// SPDX-License-Identifier: Apache-2.0

public import Foundation
public import PosternClient

#if canImport(FoundationNetworking)
    public import FoundationNetworking
#endif

/// Sends a client's requests with `URLSession`.
///
/// The body of an upload is written to a temporary file first, which is removed when the request has ended: from a stream,
/// `URLSession` on Linux sends chunks, which stores refuse. The file needs as much room as the upload; only this user can read it.
public final class URLSessionTransport: UploadTransport {
    private let session: URLSession
    private let exchanges: SessionExchanges
    private let temporaryFolder: URL

    /// - Parameters:
    ///   - configuration: of the session; without its cookies, cache and credentials.
    ///   - temporaryFolder: where bodies are written.
    public init(
        configuration: URLSessionConfiguration = .ephemeral, temporaryFolder: URL = FileManager.default.temporaryDirectory
    ) {
        exchanges = SessionExchanges()
        self.temporaryFolder = temporaryFolder
        session = URLSession(configuration: configuration.withoutState, delegate: exchanges, delegateQueue: nil)
    }

    deinit {
        // A session holds its delegate until it is invalidated.
        session.invalidateAndCancel()
    }

    /// See `UploadTransport`.
    public func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse {
        var urlRequest = try urlRequest(request, timeout: request.timeout)
        if !request.body.isEmpty { urlRequest.httpBody = Data(request.body) }
        let (session, exchanges) = (session, exchanges)
        let outcome = await withTaskGroup(of: Result<TransportResponse, TransportError>.self) { [urlRequest] group in
            group.addTask {
                await exchanges.run(session.dataTask(with: urlRequest), limit: request.responseLimit) { _ in }
            }
            group.addTask {
                // The session's own timeout begins anew with each byte.
                try? await Task.sleep(for: request.timeout)
                return .failure(.timedOut)
            }
            let first = await group.next() ?? .failure(.timedOut)
            group.cancelAll()
            return first
        }
        return try outcome.get()
    }

    /// See `UploadTransport`.
    public func upload(
        _ request: TransportRequest, body: UploadBody, progress: @escaping @Sendable (_ sent: Int64) -> Void
    ) async throws(TransportError) -> TransportResponse {
        let file: URL
        do throws(UploadError) {
            file = try body.write(in: temporaryFolder)
        } catch {
            throw .body(error)
        }
        defer { try? FileManager.default.removeItem(at: file) }
        // The client ends an upload in which nothing moves.
        let task = session.uploadTask(with: try urlRequest(request, timeout: .seconds(7 * 86_400)), fromFile: file)
        return try await exchanges.run(task, limit: request.responseLimit, progress: progress).get()
    }

    private func urlRequest(_ request: TransportRequest, timeout: Duration) throws(TransportError) -> URLRequest {
        guard let urlRequest = URLRequest(request.method, request.url, headers: request.headers, timeout: timeout) else {
            throw .refused("its address is not a URL")
        }
        return urlRequest
    }
}

extension URLRequest {
    init?(_ method: String, _ url: String, headers: [(name: String, value: String)], timeout: Duration) {
        guard let url = URL(string: url) else { return nil }
        self.init(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: timeout / .seconds(1))
        httpMethod = method
        httpShouldHandleCookies = false
        for (name, value) in headers { setValue(value, forHTTPHeaderField: name) }
    }
}

extension URLSessionConfiguration {
    /// A copy that keeps and sends nothing but what a request says.
    var withoutState: URLSessionConfiguration {
        let copy = (self.copy() as? URLSessionConfiguration) ?? self
        copy.httpCookieStorage = nil
        copy.httpShouldSetCookies = false
        copy.urlCache = nil
        copy.urlCredentialStorage = nil
        return copy
    }
}
