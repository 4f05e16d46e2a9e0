// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import Logging
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `POST /<bucket>/` with a form: S3's POST Object. What all uploads share; each has an ``UploadReceiver``.
struct UploadRoute: Sendable {
    let folder: ObjectFolder
    let evaluator: PolicyEvaluator
    let credentials: SigningCredentials
    let logger: Logger
    let now: @Sendable () -> Date

    /// Puts a whole upload in its place.
    /// - Parameter location: the address below which the bucket's objects lie, with a slash at the end.
    /// - Throws: `StoreRefusal`, or what the file system said.
    func store(_ upload: IncomingUpload, location: String) throws -> Response {
        let record = try upload.store(in: folder, at: now())
        logger.info("stored", metadata: ["bucket": "\(record.bucket)", "key": "\(record.key)", "size": "\(record.size)"])
        return Self.response(record, form: upload.form, location: location + PercentEncoding.component.encode(record.key))
    }

    /// What to answer to an error.
    func refusal(_ error: any Error) -> any Error {
        guard let error = error as? FormReaderError else { return error }
        logger.debug("no form", metadata: ["reason": "\(error)"])
        return StoreRefusal(error)
    }

    /// The answer that the form asks for (S3, "POST Object", response).
    private static func response(_ record: ObjectRecord, form: ReceivedForm, location: String) -> Response {
        let action = SuccessAction(form)
        var response = Response(status: 204, fields: ["ETag": record.etag])
        if let checksum = form["x-amz-checksum-sha256"] {
            response.fields.add("x-amz-checksum-sha256", checksum)
        }
        if case .redirect(let address) = action {
            response.status = 303
            let address = SuccessAction.address(address, bucket: record.bucket, key: record.key, etag: record.etag)
            response.fields.add("Location", address)
            return response
        }
        response.fields.add("Location", location)
        switch action {
        case .ok:
            response.status = 200
        case .created:
            response.status = 201
            response.fields.add("Content-Type", "application/xml")
            let xml = StoreXML.postResponse(location: location, bucket: record.bucket, key: record.key, etag: record.etag)
            response.body = .bytes(Array(xml.utf8))
        case .noContent, .redirect:
            break
        }
        return response
    }
}
