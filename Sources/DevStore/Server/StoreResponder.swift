// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PostPolicy

/// Finds who answers a request, and makes S3's XML of every refusal.
struct StoreResponder: HTTPResponder {
    typealias Context = BasicRequestContext

    let buckets: Set<String>
    let crossOrigin: CrossOrigin
    let uploads: UploadRoute
    let objects: ObjectRoute

    func respond(to request: Request, context: BasicRequestContext) async -> Response {
        let requestID = Self.makeRequestID()
        var response: Response
        do {
            response = try await answer(request, context: context)
        } catch let refusal as StoreRefusal {
            context.logger.info(
                "refused",
                metadata: ["code": "\(refusal.code)", "status": "\(refusal.status)", "requestId": "\(requestID)"]
            )
            response = Self.response(refusal, requestID: requestID)
        } catch {
            context.logger.error("failed", metadata: ["error": "\(error)", "requestId": "\(requestID)"])
            response = Self.response(.internalError, requestID: requestID)
        }
        if let name = HTTPField.Name("x-amz-request-id") {
            response.headers[name] = requestID
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        crossOrigin.decorate(&response.headers, request: request.headers)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, context: BasicRequestContext) async throws -> Response {
        guard let authority = request.head.authority, LoopbackName.isLoopback(authority: authority) else {
            throw StoreRefusal.notLoopback
        }
        guard let target = StoreTarget(path: request.head.path ?? "") else { throw StoreRefusal.invalidURI }
        if request.method == .options {
            guard let headers = crossOrigin.preflight(request.headers) else { throw StoreRefusal.corsForbidden }
            return Response(status: .ok, headers: headers)
        }
        switch target {
        case .service:
            throw request.method == .get || request.method == .head ? StoreRefusal.listsNothing : StoreRefusal.methodNotAllowed
        case .bucket(let bucket):
            guard buckets.contains(bucket) else { throw StoreRefusal.noSuchBucket(bucket) }
            switch request.method {
            case .post:
                let location = "http://\(authority)/\(bucket)/"
                return try await uploads.respond(to: request, bucket: bucket, location: location, logger: context.logger)
            case .get, .head: throw StoreRefusal.listsNothing
            default: throw StoreRefusal.methodNotAllowed
            }
        case .object(let bucket, let key):
            guard buckets.contains(bucket) else { throw StoreRefusal.noSuchBucket(bucket) }
            guard request.method == .get || request.method == .head else { throw StoreRefusal.methodNotAllowed }
            return try await objects.respond(bucket: bucket, key: key, isHead: request.method == .head, context: context)
        }
    }

    private static func response(_ refusal: StoreRefusal, requestID: String) -> Response {
        let xml = StoreXML.error(refusal, requestID: requestID)
        var headers: HTTPFields = [.contentType: "application/xml"]
        if refusal == .methodNotAllowed {
            headers[.allow] = "GET, HEAD, POST, OPTIONS"
        }
        return Response(
            status: HTTPResponse.Status(code: refusal.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: xml))
        )
    }

    /// 16 hexadecimal digits, as S3's are.
    private static func makeRequestID() -> String {
        (0..<8).map { _ in UInt8.random(in: 0...255) }.hexadecimal
    }
}
