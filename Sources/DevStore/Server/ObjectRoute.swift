// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOPosix
import PostPolicy

/// `GET` and `HEAD` of an object, so that a developer can look at what was stored.
struct ObjectRoute: Sendable {
    let folder: ObjectFolder

    /// - Throws: `StoreRefusal` when there is no such object.
    func respond(bucket: String, key: String, isHead: Bool, context: some RequestContext) async throws -> Response {
        let found = try await NIOThreadPool.singleton.runIfActive { try folder.object(bucket: bucket, key: key) }
        guard let found else { throw StoreRefusal.noSuchKey(key) }
        let headers = Self.headers(of: found.record)
        let body = isHead ? ResponseBody() : try await FileIO().loadFile(path: found.path, context: context)
        return Response(status: .ok, headers: headers, body: body)
    }

    private static func headers(of record: ObjectRecord) -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = "binary/octet-stream"
        for (text, value) in record.headers {
            if let name = HTTPField.Name(text) {
                headers[name] = EncodedWord.text(value)
            }
        }
        headers[.contentLength] = String(record.size)
        headers[.eTag] = record.etag
        headers[.lastModified] = HTTPDate.text(record.lastModified)
        // A stored page must not run as one of this origin: neither by a guessed type nor by its own.
        headers[.contentSecurityPolicy] = "sandbox"
        return headers
    }
}
