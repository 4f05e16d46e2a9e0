// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import NIOCore
import NIOHTTP1
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The store as its connections see it.
struct StoreResponder: Responder {
    /// S3's limit for the file of one upload, and room for the form around it.
    static let maxUploadBytes = UploadPolicy.maximumFileBytes + (1 << 20)
    /// For methods that have no use for a body.
    private static let maxPlainBytes = 16 * 1024

    private let routes: StoreRoutes
    private let plain: Endpoint
    private let streamed: Endpoint

    init(routes: StoreRoutes) {
        self.routes = routes
        plain = Endpoint(.whole(maxBytes: Self.maxPlainBytes) { .now(routes.respond(to: $0.head)) })
        // Uploads, and whatever has a body that the store does not want: that may be of any size, and gets its refusal.
        streamed = Endpoint(
            .stream(maxBytes: Self.maxUploadBytes) { routes.receiver(for: $0) },
            refusal: { routes.refusal(of: $0) }
        )
    }

    func endpoint(for head: RequestHead) -> Endpoint {
        switch head.method {
        case .GET, .HEAD, .OPTIONS: plain
        default: streamed
        }
    }

    func response(to rejection: Rejection, head: RequestHead?, peer: PeerAddress?, at date: Date) -> Response {
        routes.response(.failure(StoreRefusal(rejection, head: head)), to: head)
    }
}

/// Finds who answers a request, and makes S3's XML of every refusal.
struct StoreRoutes: Sendable {
    private static let serverName = "PosternDevStore"

    let buckets: Set<String>
    let crossOrigin: CrossOrigin
    let uploads: UploadRoute
    let objects: ObjectRoute
    let logger: Logger

    /// Answers `GET`, `HEAD` and `OPTIONS`.
    func respond(to request: RequestHead) -> Response {
        response(Result { try answer(request) }, to: request)
    }

    /// What takes the body of any other request: an upload, or one that is refused.
    func receiver(for request: RequestHead) -> any BodyReceiver {
        do {
            return try upload(request)
        } catch {
            return RefusedBody(response(.failure(error), to: request))
        }
    }

    /// The answer to a request of the same kind whose head says enough to refuse it; nil where it is an upload.
    func refusal(of request: RequestHead) -> Response? {
        do {
            _ = try upload(request)
            return nil
        } catch {
            return response(.failure(error), to: request)
        }
    }

    /// Completes an answer with what every one has.
    /// - Parameter request: nil where its head could not be read
    func response(_ answer: Result<Response, any Error>, to request: RequestHead?) -> Response {
        let requestID = Self.makeRequestID()
        var response: Response
        switch answer {
        case .success(let answer):
            response = answer
        case .failure(let refusal as StoreRefusal):
            logger.info(
                "refused",
                metadata: ["code": "\(refusal.code)", "status": "\(refusal.status)", "requestId": "\(requestID)"]
            )
            response = Self.response(refusal, requestID: requestID)
        case .failure(let error):
            logger.error("failed", metadata: ["error": "\(error)", "requestId": "\(requestID)"])
            response = Self.response(.internalError, requestID: requestID)
        }
        response.fields.add("Server", Self.serverName)
        response.fields.add("x-amz-request-id", requestID)
        response.fields.add("X-Content-Type-Options", "nosniff")
        crossOrigin.decorate(&response.fields, request: request)
        return response
    }

    private func answer(_ request: RequestHead) throws -> Response {
        let (target, _) = try locate(request)
        if request.method == .OPTIONS {
            guard let fields = crossOrigin.preflight(request) else { throw StoreRefusal.corsForbidden }
            return Response(status: 200, fields: fields)
        }
        try checkBucket(of: target)
        guard case .object(let bucket, let key) = target else { throw StoreRefusal.listsNothing }
        return try objects.respond(bucket: bucket, key: key)
    }

    private func upload(_ request: RequestHead) throws -> UploadReceiver {
        let (target, authority) = try locate(request)
        try checkBucket(of: target)
        guard case .bucket(let bucket) = target, request.method == .POST else { throw StoreRefusal.methodNotAllowed }
        guard let boundary = request.joined("content-type").flatMap(MultipartBoundary.init(contentType:)) else {
            throw StoreRefusal.notMultipart
        }
        return UploadReceiver(route: uploads, bucket: bucket, boundary: boundary, location: "http://\(authority)/\(bucket)/") {
            response($0, to: request)
        }
    }

    /// What a request names, and the name that it has for this machine.
    private func locate(_ request: RequestHead) throws(StoreRefusal) -> (target: StoreTarget, authority: String) {
        guard let authority = request.first("host"), let address = try? HostPort(authority), address.host.isLoopback
        else { throw .notLoopback }
        guard let target = StoreTarget(path: request.target) else { throw .invalidURI }
        return (target, authority)
    }

    private func checkBucket(of target: StoreTarget) throws(StoreRefusal) {
        switch target {
        case .service: break
        case .bucket(let bucket), .object(let bucket, _):
            guard buckets.contains(bucket) else { throw .noSuchBucket(bucket) }
        }
    }

    private static func response(_ refusal: StoreRefusal, requestID: String) -> Response {
        var fields: ResponseFields = ["Content-Type": "application/xml"]
        if refusal == .methodNotAllowed {
            fields.add("Allow", "GET, HEAD, POST, OPTIONS")
        }
        let xml = StoreXML.error(refusal, requestID: requestID)
        return Response(status: refusal.status, fields: fields, body: .bytes(Array(xml.utf8)))
    }

    /// 16 hexadecimal digits, as S3's are.
    private static func makeRequestID() -> String {
        (0..<8).map { _ in UInt8.random(in: 0...255) }.hexadecimal
    }
}

/// What a request's path names, path style: `/<bucket>/<key>`.
enum StoreTarget: Sendable, Equatable {
    case service
    case bucket(String)
    case object(bucket: String, key: String)

    /// - Parameter path: the request's target as it came. Nil when it is no path or its escapes are broken.
    ///
    /// The path is cut before it is decoded, and nothing is resolved: `%2F` and `..` in a key are the key's own.
    init?(path: String) {
        let path = path.utf8.prefix { $0 != UInt8(ascii: "?") }
        guard path.first == UInt8(ascii: "/") else { return nil }
        let parts = path.dropFirst().split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = parts.first.flatMap(PercentEncoding.component.decodeUTF8) else { return nil }
        guard let key = PercentEncoding.component.decodeUTF8(parts.dropFirst().first ?? "".utf8[...]) else { return nil }
        if bucket.isEmpty {
            guard key.isEmpty else { return nil }
            self = .service
        } else {
            self = key.isEmpty ? .bucket(bucket) : .object(bucket: bucket, key: key)
        }
    }
}

/// A body that is not read: the response follows from the request's head.
final class RefusedBody: BodyReceiver {
    private let response: Response

    init(_ response: Response) {
        self.response = response
    }

    func received(_ bytes: ByteBuffer) -> Response? { response }

    func ended() -> Response { response }

    func aborted() {}
}

@available(*, unavailable)
extension RefusedBody: Sendable {}

extension RequestHead {
    /// The values of all fields of that name as one (RFC 9110 §5.3), or nil where there is none.
    /// - Parameter name: in lower case
    func joined(_ name: StaticString) -> String? {
        let values = values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
