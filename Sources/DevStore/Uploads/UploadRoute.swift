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

/// `POST /<bucket>/` with a form: S3's POST Object. Shared by all uploads; each has its own ``UploadReceiver``.
struct UploadRoute: Sendable {
    let folder: ObjectFolder
    let evaluator: PolicyEvaluator
    let credentials: SigningCredentials
    let ignored: Set<IgnoredCheck>
    let logger: Logger
    let now: @Sendable () -> Date

    /// Stores a complete upload.
    /// - Parameter location: the bucket's address, with a trailing slash.
    /// - Throws: `StoreError`, or an error of the file system.
    func store(_ upload: IncomingUpload, location: String) throws -> Response {
        let record = try upload.store(in: folder, at: now())
        logger.info("stored", metadata: ["bucket": "\(record.bucket)", "key": "\(record.key)", "size": "\(record.size)"])
        return Self.response(record, form: upload.form, location: location + PercentEncoding.component.encode(record.key))
    }

    /// Stores a complete upload by `PUT`.
    /// - Throws: `StoreError`, or an error of the file system.
    func storePut(_ upload: IncomingUpload) throws -> Response {
        let record = try upload.store(in: folder, at: now())
        logger.info("stored", metadata: ["bucket": "\(record.bucket)", "key": "\(record.key)", "size": "\(record.size)"])
        return Response(status: 200, fields: ["ETag": record.etag])
    }

    /// Returns the error to respond with.
    func responseError(_ error: any Error) -> any Error {
        guard let error = error as? FormReaderError else { return error }
        logger.debug("no form", metadata: ["reason": "\(error)"])
        return StoreError(error)
    }

    /// Returns the response that the form requests (S3, "POST Object", response elements).
    private static func response(_ record: ObjectRecord, form: ReceivedForm, location: String) -> Response {
        let action = SuccessAction(form)
        var response = Response(status: 204, fields: ["ETag": record.etag])
        for checksum in StoreChecksum.allCases where checksum != .md5 {
            if let value = form[checksum.field] { response.fields.add(checksum.field, value) }
        }
        if case .redirect(let address) = action {
            response.status = 303
            let address = SuccessAction.redirectAddress(address, bucket: record.bucket, key: record.key, etag: record.etag)
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
            let elements = [("Location", location), ("Bucket", record.bucket), ("Key", record.key), ("ETag", record.etag)]
            let xml = storeXML(root: "PostResponse", elements)
            response.body = .bytes(Array(xml.utf8))
        case .noContent, .redirect:
            break
        }
        return response
    }
}

/// The response that a form requests for a stored file (S3, "POST Object": success_action_redirect, success_action_status).
enum SuccessAction: Sendable, Equatable {
    /// An empty 200.
    case ok
    /// A 201 with XML.
    case created
    /// An empty 204, the default.
    case noContent
    /// A 303 to this address, with bucket, key and etag in the query.
    case redirect(String)

    init(_ form: ReceivedForm) {
        // `redirect` is the old name of the field. An unusable address is ignored.
        if let address = form["success_action_redirect"] ?? form["redirect"], Self.isUsable(address) {
            self = .redirect(address)
            return
        }
        self =
            switch form["success_action_status"] {
            case "200": .ok
            case "201": .created
            default: .noContent
            }
    }

    /// Returns the address of a redirect, with the query that S3 adds.
    static func redirectAddress(_ base: String, bucket: String, key: String, etag: String) -> String {
        let pairs = [("bucket", bucket), ("key", key), ("etag", etag)]
        let query = pairs.map { "\($0.0)=\(PercentEncoding.component.encode($0.1))" }.joined(separator: "&")
        let (address, fragment) = base.firstIndex(of: "#").map { (base[..<$0], base[$0...]) } ?? (base[...], "")
        return address + (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query + fragment
    }

    /// Whether the address is http or https, and can be the value of a header field.
    private static func isUsable(_ address: String) -> Bool {
        (address.hasPrefixIgnoringASCIICase("http://") || address.hasPrefixIgnoringASCIICase("https://"))
            && address.isVisibleASCII
    }
}
