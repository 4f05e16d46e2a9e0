// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import NIOHTTP1
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Receives the body of one `POST /<bucket>/`.
///
/// The form is evaluated when the file begins, and the size while the file arrives. A refused file is removed, and the refusal
/// is sent at once, before the end of the body. The connection then reads and discards the rest, because browsers and other
/// clients read the response only after they have sent everything.
final class UploadReceiver: BodyReceiver {
    private let route: UploadRoute
    private let bucket: String
    private let location: String
    private let respond: (Result<Response, any Error>) -> Response
    private var reader: FormReader
    private var upload: IncomingUpload?

    /// - Parameters:
    ///   - location: the bucket's address, with a trailing slash.
    ///   - respond: makes the complete response.
    init(
        route: UploadRoute,
        bucket: String,
        boundary: MultipartBoundary,
        location: String,
        respond: @escaping (Result<Response, any Error>) -> Response
    ) {
        self.route = route
        self.bucket = bucket
        self.location = location
        self.respond = respond
        reader = FormReader(boundary: boundary)
    }

    func received(_ bytes: ByteBuffer) -> Response? {
        do {
            try read(bytes)
            return nil
        } catch {
            upload = nil
            return respond(.failure(route.responseError(error)))
        }
    }

    func ended() -> Response {
        let result = Result { try store() }.mapError(route.responseError)
        upload = nil
        return respond(result)
    }

    func aborted() {
        upload = nil
    }

    private func read(_ bytes: ByteBuffer) throws {
        reader.feed(bytes.readableBytesView)
        while let event = try reader.next() {
            switch event {
            case .fileBegan(let form): upload = try IncomingUpload(form, bucket: bucket, route: route)
            case .fileData(let bytes): try upload?.append(bytes)
            case .fileEnded: break
            }
        }
    }

    private func store() throws -> Response {
        try reader.finish()
        guard let upload else { throw StoreError.fileMissing }
        return try route.store(upload, location: location)
    }
}

@available(*, unavailable)
extension UploadReceiver: Sendable {}

/// An upload with an accepted form or presigned URL, while its file arrives.
struct IncomingUpload: Sendable {
    /// The form's fields, or the header fields of a `PUT` with the names of the form's.
    let form: ReceivedForm
    /// The checksum in the form; nil if it has none.
    private let checksum: (kind: StoreChecksum, bytes: [UInt8])?
    private let bucket: String
    /// Nil for a `PUT`, whose size is signed.
    private let policy: PolicyDocument?
    /// The fields that the policy is evaluated for.
    private let judgedFields: [FormField]
    private let ignored: Set<IgnoredCheck>
    private let mustBeNew: Bool
    private let file: UploadFile
    /// When the form was complete. The policy is evaluated for this instant, so that a ticket does not expire during an upload.
    private let evaluatedAt: Date
    private var size = 0

    /// Evaluates the form, except the size, and opens the file.
    init(_ parsed: ParsedForm, bucket: String, route: UploadRoute) throws {
        let credentials = route.credentials
        ignored = route.ignored
        let date = ignored.judged(route.now(), parsed.fields)
        let fields = ignored.judged(parsed.fields)
        let refusal = route.evaluator.evaluate(
            form: fields, filename: parsed.filename, fileSize: nil, bucket: bucket, at: date
        ) {
            $0.utf8.elementsEqual(credentials.accessKeyID.utf8) ? credentials : nil
        }
        if let refusal { throw refusal }
        form = ReceivedForm(parsed.fields, filename: parsed.filename)
        judgedFields = ReceivedForm(fields, filename: parsed.filename).fields
        policy = try PolicyDocument(base64: form["policy"] ?? "")
        checksum = try StoreChecksum.declared(in: form)
        evaluatedAt = date
        self.bucket = bucket
        mustBeNew = false
        file = try route.folder.beginUpload(checksum: checksum?.kind)
    }

    /// Evaluates a presigned `PUT`, and opens the file.
    init(put request: RequestHead, bucket: String, key: String, route: UploadRoute) throws {
        let credentials = route.credentials
        ignored = route.ignored
        let date = ignored.judged(route.now(), target: request.target)
        let headers = request.fields.map { HeaderField(name: $0.name, value: $0.value) }
        let refusal = route.evaluator.evaluate(
            put: ReceivedPut(method: request.method.rawValue, target: request.target, headers: headers),
            allowsUnsigned: ignored.contains(.fields), at: date
        ) {
            $0.utf8.elementsEqual(credentials.accessKeyID.utf8) ? credentials : nil
        }
        if let refusal { throw refusal }
        let condition = request.joined("if-none-match")
        guard condition == nil || condition == "*" else { throw StoreError.notImplemented("If-None-Match") }
        mustBeNew = condition != nil
        form = ReceivedForm([FormField(name: "key", value: key)] + headers.compactMap(Self.field), filename: nil)
        policy = nil
        judgedFields = []
        checksum = try StoreChecksum.declared(in: form)
        evaluatedAt = date
        self.bucket = bucket
        file = try route.folder.beginUpload(checksum: checksum?.kind)
        try checkIsNew(in: route.folder)
    }

    /// The form field that has the meaning of a header field; nil for a field that is not about the object.
    private static func field(of header: HeaderField) -> FormField? {
        let name = header.name.asciiLowercased
        switch name {
        case "x-amz-acl": return FormField(name: "acl", value: header.value)
        case "content-type", "content-disposition", "content-encoding", "content-language", "content-md5", "cache-control",
            "expires":
            return FormField(name: name, value: header.value)
        case _ where name.utf8.starts(with: "x-amz-meta-".utf8):
            return FormField(name: name, value: EncodedWord.decode(header.value))
        case _ where name.utf8.starts(with: "x-amz-".utf8):
            return FormField(name: name, value: header.value)
        default:
            return nil
        }
    }

    /// Appends the next piece of the file.
    /// - Throws: `StoreError` if the file is too large.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws {
        size += bytes.count
        // Whether the file is too small is known only at its end.
        if let policy, size > policy.maximumFileBytes { try checkSize() }
        try file.append(bytes)
    }

    /// Checks the whole file and stores it.
    func store(in folder: ObjectFolder, at date: Date) throws -> ObjectRecord {
        try checkSize()
        let summary = try file.finish()
        if let checksum, checksum.bytes != summary.checksum { throw StoreError.badDigest(checksum.kind) }
        try checkIsNew(in: folder)
        let record = ObjectRecord(form, bucket: bucket, file: summary, keepsMetadata: !ignored.contains(.metadata), at: date)
        try folder.commit(file, as: record)
        return record
    }

    private func checkSize() throws {
        guard let policy, !ignored.contains(.size) else { return }
        if let refusal = policy.evaluate(form: judgedFields, fileSize: size, bucket: bucket, at: evaluatedAt) { throw refusal }
    }

    /// With `If-None-Match: *` an object is not replaced.
    private func checkIsNew(in folder: ObjectFolder) throws {
        guard mustBeNew, try folder.object(bucket: bucket, key: form["key"] ?? "") != nil else { return }
        throw StoreError.preconditionFailed
    }
}
