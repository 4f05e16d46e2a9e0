// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Takes the body of one `POST /<bucket>/`.
///
/// The form is judged when the file begins, the size while it comes; nothing of a refused file stays. A refusal is answered at
/// once, before the rest of the body: the connection then reads on and drops it, so that clients that send first and read
/// afterwards, browsers among them, get the answer rather than a broken connection.
final class UploadReceiver: BodyReceiver {
    private let route: UploadRoute
    private let bucket: String
    private let location: String
    private let respond: (Result<Response, any Error>) -> Response
    private var reader: FormReader
    private var upload: IncomingUpload?

    /// - Parameters:
    ///   - location: the address below which the bucket's objects lie, with a slash at the end.
    ///   - respond: makes the whole answer.
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
            try take(bytes)
            return nil
        } catch {
            upload = nil
            return respond(.failure(route.refusal(error)))
        }
    }

    func ended() -> Response {
        let answer = Result { try store() }.mapError(route.refusal)
        upload = nil
        return respond(answer)
    }

    func aborted() {
        upload = nil
    }

    private func take(_ bytes: ByteBuffer) throws {
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
        guard let upload else { throw StoreRefusal.fileMissing }
        return try route.store(upload, location: location)
    }
}

@available(*, unavailable)
extension UploadReceiver: Sendable {}

/// An upload whose form was accepted and whose file is arriving.
struct IncomingUpload: Sendable {
    let form: ReceivedForm
    /// The SHA-256 that the form names: 32 bytes.
    let checksum: [UInt8]?
    private let bucket: String
    private let policy: PolicyDocument
    private let file: UploadFile
    /// The policy is held to the instant when the form was complete: a slow upload of a good ticket stays good.
    private let judgedAt: Date
    private var size = 0

    /// Judges the form, all but the size, and opens the file.
    init(_ parsed: ParsedForm, bucket: String, route: UploadRoute) throws {
        let credentials = route.credentials
        let date = route.now()
        let refusal = route.evaluator.evaluate(
            form: parsed.fields, filename: parsed.filename, fileSize: nil, bucket: bucket, at: date
        ) {
            $0.utf8.elementsEqual(credentials.accessKeyID.utf8) ? credentials : nil
        }
        if let refusal { throw refusal }
        form = ReceivedForm(parsed.fields, filename: parsed.filename)
        policy = try PolicyDocument(base64: form["policy"] ?? "")
        checksum = try Self.checksum(of: form)
        judgedAt = date
        self.bucket = bucket
        file = try route.folder.beginUpload()
    }

    /// Takes the next piece of the file, unless that is one too many.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws {
        size += bytes.count
        // Too small is for the end to say.
        if size > policy.maximumFileBytes { try judgeSize() }
        try file.append(bytes)
    }

    /// Judges the whole file and puts it in its place.
    func store(in folder: ObjectFolder, at date: Date) throws -> ObjectRecord {
        try judgeSize()
        let summary = try file.finish()
        if let checksum, checksum != summary.sha256 { throw StoreRefusal.badDigest }
        let record = ObjectRecord(form, bucket: bucket, file: summary, at: date)
        try folder.commit(file, as: record)
        return record
    }

    private func judgeSize() throws {
        if let refusal = policy.evaluate(form: form.fields, fileSize: size, bucket: bucket, at: judgedAt) { throw refusal }
    }

    /// Checksums that this store cannot check are refused: it must not look as if they held.
    private static func checksum(of form: ReceivedForm) throws(StoreRefusal) -> [UInt8]? {
        let prefix = "x-amz-checksum-"
        for field in form.fields.map(\.name.asciiLowercased) where field.utf8.starts(with: prefix.utf8) {
            guard ["x-amz-checksum-sha256", "x-amz-checksum-algorithm"].contains(field) else { throw .notImplemented(field) }
        }
        guard let text = form["x-amz-checksum-sha256"] else { return nil }
        guard let bytes = Base64.decode(text), bytes.count == 32 else { throw .malformedChecksum }
        return bytes
    }
}
