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

/// What a form asks the store to answer when the file is stored (S3, "POST Object": success_action_redirect, success_action_status).
enum SuccessAction: Sendable, Equatable {
    /// An empty 200.
    case ok
    /// A 201 with XML.
    case created
    /// An empty 204, the default.
    case noContent
    /// A 303 to this address, to which bucket, key and etag are added as a query.
    case redirect(String)

    init(_ form: ReceivedForm) {
        // `redirect` is the field's old name. An address that cannot be used counts as absent.
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

    /// The redirect's address with the query that S3 adds.
    static func address(_ base: String, bucket: String, key: String, etag: String) -> String {
        let pairs = [("bucket", bucket), ("key", key), ("etag", etag)]
        let query = pairs.map { "\($0.0)=\(PercentEncoding.component.encode($0.1))" }.joined(separator: "&")
        let (address, fragment) = base.firstIndex(of: "#").map { (base[..<$0], base[$0...]) } ?? (base[...], "")
        return address + (address.utf8.contains(UInt8(ascii: "?")) ? "&" : "?") + query + fragment
    }

    /// http or https, and nothing that a header cannot carry.
    private static func isUsable(_ address: String) -> Bool {
        (address.hasPrefixIgnoringASCIICase("http://") || address.hasPrefixIgnoringASCIICase("https://"))
            && address.isVisibleASCII
    }
}
