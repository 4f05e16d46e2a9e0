// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

/// S3's XML answers.
enum StoreXML {
    /// `<Error>` as S3 writes it: code, message, what belongs to the code, the request's id.
    static func error(_ refusal: StoreRefusal, requestID: String) -> String {
        let details = refusal.details.map { ($0.name, $0.value) }
        return document(
            root: "Error",
            [("Code", refusal.code), ("Message", refusal.message)] + details + [("RequestId", requestID)]
        )
    }

    /// The body of a 201 (S3, "POST Object", response elements).
    static func postResponse(location: String, bucket: String, key: String, etag: String) -> String {
        document(root: "PostResponse", [("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)])
    }

    /// - Parameter elements: names are the program's own; values are escaped.
    private static func document(root: String, _ elements: [(name: String, value: String)]) -> String {
        let children = elements.map { "<\($0.name)>\($0.value.xmlEscaped())</\($0.name)>" }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(root)>\(children)</\(root)>"
    }
}
