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

/// Chooses the endpoint for each request.
struct StoreResponder: Responder {
    /// S3's limit for the file of one upload, and room for the form around it.
    static let maxUploadBytes = UploadPolicy.maximumFileBytes + (1 << 20)
    /// The largest body of a request that needs none.
    private static let maxPlainBytes = 16 * 1024

    private let routes: StoreRoutes
    private let plain: Endpoint
    private let streamed: Endpoint

    init(routes: StoreRoutes) {
        self.routes = routes
        plain = Endpoint(.whole(maxBytes: Self.maxPlainBytes) { .now(routes.respond(to: $0.head)) })
        // Uploads, and other requests with a body, which can be of any size and are refused.
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
        routes.response(.failure(StoreError(rejection, head: head)), to: head)
    }
}

/// Routes requests, and turns every error into S3's XML.
struct StoreRoutes: Sendable {
    private static let serverName = "PosternDevStore"

    let buckets: Set<String>
    let further: @Sendable () -> (buckets: [String], origins: [String])
    /// The address that the store listens on; nil for a name.
    let host: IPAddress?
    let crossOrigin: CrossOrigin
    let uploads: UploadRoute
    let objects: ObjectRoute
    let logger: Logger

    /// Responds to `GET`, `HEAD` or `OPTIONS`.
    func respond(to request: RequestHead) -> Response {
        response(Result { try dispatch(request) }, to: request)
    }

    /// Returns a receiver for the body of any other request, which is an upload or is refused.
    func receiver(for request: RequestHead) -> any BodyReceiver {
        do {
            return try upload(request)
        } catch {
            return FixedResponseReceiver(response(.failure(error), to: request))
        }
    }

    /// Returns the response to a request that can be refused by its head alone; nil for an upload.
    func refusal(of request: RequestHead) -> Response? {
        do {
            _ = try upload(request)
            return nil
        } catch {
            return response(.failure(error), to: request)
        }
    }

    /// Makes a response, with the header fields that all responses have.
    /// - Parameter request: nil if its head could not be read.
    func response(_ result: Result<Response, any Error>, to request: RequestHead?) -> Response {
        let requestID = Self.makeRequestID()
        var response: Response
        switch result {
        case .success(let success):
            response = success
        case .failure(let refusal as StoreError):
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
        crossOrigin.addFields(to: &response.fields, for: request)
        return response
    }

    private func dispatch(_ request: RequestHead) throws -> Response {
        let (target, _) = try locate(request)
        if request.method == .OPTIONS {
            guard let fields = crossOrigin.preflight(request) else { throw StoreError.corsForbidden }
            return Response(status: 200, fields: fields)
        }
        try checkBucket(of: target)
        guard case .object(let bucket, let key) = target else { throw StoreError.listingNotSupported }
        return try objects.respond(bucket: bucket, key: key, query: request.target.drop { $0 != "?" }.dropFirst())
    }

    private func upload(_ request: RequestHead) throws -> any BodyReceiver {
        let (target, authority) = try locate(request)
        try checkBucket(of: target)
        if request.method == .PUT, case .object(let bucket, let key) = target {
            let upload = try IncomingUpload(put: request, bucket: bucket, key: key, route: uploads)
            return PutReceiver(upload, route: uploads) { response($0, to: request) }
        }
        guard case .bucket(let bucket) = target, request.method == .POST else { throw StoreError.methodNotAllowed }
        guard let boundary = request.joined("content-type").flatMap(MultipartBoundary.init(contentType:)) else {
            throw StoreError.notMultipart
        }
        // A form has its signature; clients that add a token to every request fail at real stores.
        guard request.first("authorization") == nil else { throw StoreError.severalMechanisms }
        guard request.first("content-length") != nil else { throw StoreError.lengthMissing }
        return UploadReceiver(route: uploads, bucket: bucket, boundary: boundary, location: "http://\(authority)/\(bucket)/") {
            response($0, to: request)
        }
    }

    /// Returns the target of a request and its Host, which must be a loopback name or address, or the address of the store.
    private func locate(_ request: RequestHead) throws(StoreError) -> (target: StoreTarget, authority: String) {
        guard let authority = request.first("host"), let address = try? HostPort(authority),
            address.host.isLoopback || address.host.address != nil && address.host.address == host
        else { throw .notLoopback }
        guard let target = StoreTarget(path: request.target) else { throw .invalidURI }
        return (target, authority)
    }

    private func checkBucket(of target: StoreTarget) throws(StoreError) {
        switch target {
        case .service: break
        case .bucket(let bucket), .object(let bucket, _):
            guard buckets.contains(bucket) || isFurther(bucket) else { throw .noSuchBucket(bucket) }
        }
    }

    /// Whether the bucket is one of those that were added later. Its folders are made if they are not there.
    private func isFurther(_ bucket: String) -> Bool {
        guard further().buckets.contains(bucket), DevStoreConfiguration.isBucketName(bucket) else { return false }
        return (try? ObjectFolder.makeBucket(bucket, in: objects.folder.path)) != nil
    }

    private static func response(_ refusal: StoreError, requestID: String) -> Response {
        var fields: ResponseFields = ["Content-Type": "application/xml"]
        if refusal == .methodNotAllowed {
            fields.add("Allow", "GET, HEAD, POST, PUT, OPTIONS")
        }
        return Response(
            status: refusal.status, fields: fields, body: .bytes(Array(refusal.xml(requestID: requestID).utf8)))
    }

    /// Returns 16 random hexadecimal digits, as S3's request ids are.
    private static func makeRequestID() -> String {
        (0..<8).map { _ in UInt8.random(in: 0...255) }.hexadecimal
    }
}

/// The target of a request in path style, `/<bucket>/<key>`.
enum StoreTarget: Sendable, Equatable {
    case service
    case bucket(String)
    case object(bucket: String, key: String)

    /// Reads a request's target; nil if it is not a path or has an invalid escape.
    ///
    /// The path is split before it is decoded, and `..` is not resolved, so `%2F` and `..` can be parts of a key.
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

/// Ignores the body, and returns a response that was determined by the request's head.
final class FixedResponseReceiver: BodyReceiver {
    private let response: Response

    init(_ response: Response) {
        self.response = response
    }

    func received(_ bytes: ByteBuffer) -> Response? { response }

    func ended() -> Response { response }

    func aborted() {}
}

@available(*, unavailable)
extension FixedResponseReceiver: Sendable {}

extension RequestHead {
    /// Returns the combined value of all fields with the given name (RFC 9110 section 5.3); nil if there is none.
    /// - Parameter name: in lower case.
    func joined(_ name: StaticString) -> String? {
        let values = values(name)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
