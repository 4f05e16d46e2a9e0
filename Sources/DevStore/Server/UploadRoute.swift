// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import PostPolicy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `POST /<bucket>/` with a form: S3's POST Object.
///
/// The form is judged when the file begins, the size while it comes; nothing of a refused file stays. A refusal is answered at
/// once, before the rest of the body: the server then reads on and drops it, so that clients that send first and read
/// afterwards, browsers among them, get the answer rather than a broken connection.
struct UploadRoute: Sendable {
    let folder: ObjectFolder
    let judge: FormJudge
    let credentials: SigningCredentials
    let now: @Sendable () -> Date

    /// - Parameters:
    ///   - location: the address below which the bucket's objects lie, with a slash at the end.
    /// - Throws: `StoreRefusal`, or what the file system said.
    func respond(to request: Request, bucket: String, location: String, logger: Logger) async throws -> Response {
        guard let boundary = request.headers[.contentType].flatMap(MultipartBoundary.init(contentType:)) else {
            throw StoreRefusal.notMultipart
        }
        let upload = try await receive(request.body, boundary: boundary, bucket: bucket, logger: logger)
        let record = try await upload.store(in: folder, at: now())
        logger.info("stored", metadata: ["bucket": "\(bucket)", "key": "\(record.key)", "size": "\(record.size)"])
        return Self.response(record, form: upload.form, location: location + PercentEncoding.encode(record.key.utf8))
    }

    private func receive(
        _ body: RequestBody,
        boundary: MultipartBoundary,
        bucket: String,
        logger: Logger
    ) async throws -> IncomingUpload {
        var reader = FormReader(boundary: boundary)
        var upload: IncomingUpload?
        do {
            var chunks = body.makeAsyncIterator()
            while let chunk = try await Self.next(&chunks) {
                reader.feed(chunk.readableBytesView)
                while let event = try reader.next() {
                    switch event {
                    case .fileBegan(let form): upload = try await IncomingUpload(form, bucket: bucket, route: self)
                    case .fileData(let bytes): try await upload?.append(bytes)
                    case .fileEnded: break
                    }
                }
            }
            try reader.finish()
        } catch let error as FormReaderError {
            logger.debug("no form", metadata: ["reason": "\(error)"])
            throw StoreRefusal(error)
        }
        guard let upload else { throw StoreRefusal.fileMissing }
        return upload
    }

    /// What the connection says when a client goes away in the middle is no failure of the store's.
    private static func next(_ chunks: inout RequestBody.AsyncIterator) async throws(StoreRefusal) -> ByteBuffer? {
        do {
            return try await chunks.next()
        } catch {
            throw .incompleteBody
        }
    }

    /// The answer that the form asks for (S3, "POST Object", response).
    private static func response(_ record: ObjectRecord, form: ReceivedForm, location: String) -> Response {
        var headers: HTTPFields = [.eTag: record.etag, .location: location]
        if let checksum = form["x-amz-checksum-sha256"], let name = HTTPField.Name("x-amz-checksum-sha256") {
            headers[name] = checksum
        }
        switch SuccessAction(form) {
        case .ok:
            return Response(status: .ok, headers: headers)
        case .created:
            headers[.contentType] = "application/xml"
            let xml = StoreXML.postResponse(location: location, bucket: record.bucket, key: record.key, etag: record.etag)
            return Response(status: .created, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: xml)))
        case .noContent:
            var response = Response(status: .noContent, headers: headers)
            // RFC 9110 §8.6: no Content-Length with a 204.
            response.headers[.contentLength] = nil
            return response
        case .redirect(let address):
            headers[.location] = SuccessAction.address(address, bucket: record.bucket, key: record.key, etag: record.etag)
            return Response(status: .seeOther, headers: headers)
        }
    }
}
