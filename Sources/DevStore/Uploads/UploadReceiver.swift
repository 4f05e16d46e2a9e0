// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
