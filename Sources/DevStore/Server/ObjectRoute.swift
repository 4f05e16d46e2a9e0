// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `GET` and `HEAD` of an object, so that developers can inspect it.
struct ObjectRoute: Sendable {
    let folder: ObjectFolder

    /// Responds with the object's file, or with its tags.
    /// - Parameter query: of the request, without `?`.
    /// - Throws: `StoreError` if there is no such object.
    func respond(bucket: String, key: String, query: Substring = "") throws -> Response {
        let names = query.split(separator: "&").map { String($0.prefix { $0 != "=" }) }
        if let name = names.first(where: Self.otherSubresources.contains) { throw StoreError.notImplemented(name) }
        if names.contains("tagging") { return try tags(bucket: bucket, key: key) }
        guard let found = try folder.open(bucket: bucket, key: key) else { throw StoreError.noSuchKey(key) }
        let file = ResponseFile(takingOwnershipOf: found.descriptor, length: found.size)
        return Response(status: 200, fields: Self.fields(of: found.record), body: .file(file))
    }

    /// What S3 has of an object and this store has not.
    private static let otherSubresources = ["acl", "attributes", "legal-hold", "retention", "torrent", "uploadId"]

    private func tags(bucket: String, key: String) throws -> Response {
        guard let record = try folder.object(bucket: bucket, key: key)?.record else { throw StoreError.noSuchKey(key) }
        var xml = record.remembered["tagging"] ?? "<Tagging><TagSet></TagSet></Tagging>"
        if let pairs = record.remembered["x-amz-tagging"] {
            let tags = pairs.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1).map {
                    (PercentEncoding.component.decodeUTF8($0.utf8) ?? "").xmlEscaped()
                }
                return "<Tag><Key>\(parts.first ?? "")</Key><Value>\(parts.dropFirst().first ?? "")</Value></Tag>"
            }
            xml = "<Tagging><TagSet>\(tags.joined())</TagSet></Tagging>"
        }
        return Response(status: 200, fields: ["Content-Type": "application/xml"], body: .bytes(Array(xml.utf8)))
    }

    private static func fields(of record: ObjectRecord) -> ResponseFields {
        var fields = ResponseFields()
        if record.headers["content-type"] == nil { fields.add("Content-Type", "binary/octet-stream") }
        for (name, value) in record.headers.sorted(by: { $0.key < $1.key }) where name.isFieldName {
            fields.add(name, value.asEncodedWord.fieldValue)
        }
        fields.add("ETag", record.etag)
        fields.add("Last-Modified", CivilTime(clamping: record.lastModified).httpDate)
        // A stored page must not run scripts with this origin.
        fields.add("Content-Security-Policy", "sandbox")
        return fields
    }
}

// A form's names and values can contain any characters, including line breaks.
extension String {
    /// Whether the text can be the name of a header field: a token (RFC 9110 section 5.6.2).
    fileprivate var isFieldName: Bool {
        !isEmpty && utf8.allSatisfy(ByteSet.token.contains)
    }

    /// The text as the value of a header field, with a space for each control character except the tab (RFC 9110 section 5.5).
    fileprivate var fieldValue: String {
        String(decoding: utf8.map { $0.isASCIIControl && $0 != 0x09 ? 0x20 : $0 }, as: UTF8.self)
    }

    /// The text itself if it is ASCII, otherwise encoded words (RFC 2047 section 2), which is how S3 returns metadata.
    var asEncodedWord: String {
        utf8.allSatisfy { $0 < 0x80 } ? self : EncodedWord.encode(self)
    }
}
