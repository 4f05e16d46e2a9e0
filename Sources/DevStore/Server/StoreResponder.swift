// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import NIOHTTP1
import PostPolicy
import WireFormats

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
