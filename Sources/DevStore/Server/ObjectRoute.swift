// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import PostPolicy
import WireFormats

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// `GET` and `HEAD` of an object, so that a developer can look at what was stored.
struct ObjectRoute: Sendable {
    let folder: ObjectFolder

    /// - Throws: `StoreRefusal` when there is no such object.
    func respond(bucket: String, key: String) throws -> Response {
        guard let found = try folder.open(bucket: bucket, key: key) else { throw StoreRefusal.noSuchKey(key) }
        let file = ResponseFile(takingOwnershipOf: found.descriptor, length: found.size)
        return Response(status: 200, fields: Self.fields(of: found.record), body: .file(file))
    }

    private static func fields(of record: ObjectRecord) -> ResponseFields {
        var fields = ResponseFields()
        if record.headers["content-type"] == nil { fields.add("Content-Type", "binary/octet-stream") }
        for (name, value) in record.headers.sorted(by: { $0.key < $1.key }) where HeaderText.isName(name) {
            fields.add(name, HeaderText.value(EncodedWord.text(value)))
        }
        fields.add("ETag", record.etag)
        fields.add("Last-Modified", CivilTime(clamping: record.lastModified).httpDate)
        // A stored page must not run as one of this origin: neither by a guessed type nor by its own.
        fields.add("Content-Security-Policy", "sandbox")
        return fields
    }
}

/// What of a form's text can stand in a header: a form's names and values may hold any character, line breaks among them.
enum HeaderText {
    /// Whether the text is a token (RFC 9110 §5.6.2).
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy(ByteSet.token.contains)
    }

    /// The text with a space for every control character but the tab (RFC 9110 §5.5).
    static func value(_ text: String) -> String {
        String(decoding: text.utf8.map { $0.isASCIIControl && $0 != 0x09 ? 0x20 : $0 }, as: UTF8.self)
    }
}

/// A header's value that is not ASCII: S3 gives it back as an encoded word (RFC 2047 §2; S3, "Working with object metadata").
enum EncodedWord {
    static func text(_ value: String) -> String {
        value.utf8.allSatisfy { $0 < 0x80 } ? value : "=?UTF-8?B?\(value.utf8.base64)?="
    }
}
