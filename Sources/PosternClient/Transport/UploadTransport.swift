// SPDX-License-Identifier: Apache-2.0

/// Sends requests over HTTP. The client decides what is sent, when, and how often.
///
/// A transport follows no redirects, sends no cookies and no header fields of its own but those that HTTP needs, and repeats
/// nothing. It sends a body with its `Content-Length`: stores refuse chunked ones. When the task is cancelled it ends at once and
/// throws any error.
public protocol UploadTransport: Sendable {
    /// Sends a request with its ``TransportRequest/body``, and returns the whole response, of any status.
    func send(_ request: TransportRequest) async throws(TransportError) -> TransportResponse

    /// Sends a body that is too large for memory, and returns the whole response, of any status.
    ///
    /// A store may answer before it has read the whole body: that response is returned, not the error of the connection.
    /// - Parameters:
    ///   - request: whose own ``TransportRequest/body`` is empty, and whose ``TransportRequest/timeout`` is for the connection.
    ///   - body: is read once.
    ///   - progress: is called with the number of bytes of the body that have been sent so far.
    func upload(
        _ request: TransportRequest, body: UploadBody, progress: @escaping @Sendable (_ sent: Int64) -> Void
    ) async throws(TransportError) -> TransportResponse
}

/// A request to Postern or to a store.
public struct TransportRequest: Sendable {
    /// `GET`, `POST` or `PUT`.
    public var method: String
    /// An absolute `http` or `https` URL, to be sent as it is.
    public var url: String
    /// The header fields without `Content-Length` and `Host`.
    public var headers: [(name: String, value: String)]
    /// Empty for ``UploadTransport/upload(_:body:progress:)``.
    public var body: [UInt8]
    /// How long the whole request may take.
    public var timeout: Duration
    /// The maximum size of the response's body, in bytes; a longer one is ``TransportError/tooLarge``.
    public var responseLimit: Int

    /// A request with these properties.
    public init(
        method: String, url: String, headers: [(name: String, value: String)], body: [UInt8] = [], timeout: Duration,
        responseLimit: Int
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.responseLimit = responseLimit
    }
}

/// A whole response within the request's limit.
public struct TransportResponse: Sendable {
    /// The HTTP status.
    public let status: Int
    private let headers: [(name: String, value: String)]
    /// The whole body.
    public let body: [UInt8]

    /// - Parameter headers: each field as it came; a name may be there twice.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The value of the first header field of this name, in any case.
    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// Why a transport has no response. Reasons are parts of sentences, such as `connection refused`.
public enum TransportError: Error, Sendable, Hashable {
    /// No connection could be made, or it ended before the response.
    case network(String)
    /// The server's certificate is not accepted, or another error that repeating does not mend.
    case refused(String)
    /// The request took longer than its timeout.
    case timedOut
    /// The response is longer than the request's limit.
    case tooLarge
    /// Reading the body failed.
    case body(UploadError)
}
