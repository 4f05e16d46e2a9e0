// SPDX-License-Identifier: Apache-2.0

import PostPolicy

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
        let children = elements.map { "<\($0.name)>\(escaped($0.value))</\($0.name)>" }.joined()
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<\(root)>\(children)</\(root)>"
    }

    /// Character data (XML 1.0 §2.4). A character that XML 1.0 cannot hold at all (§2.2) becomes U+FFFD.
    static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x26: escaped.append(contentsOf: "&amp;".unicodeScalars)
            case 0x3C: escaped.append(contentsOf: "&lt;".unicodeScalars)
            case 0x3E: escaped.append(contentsOf: "&gt;".unicodeScalars)
            case 0x0D: escaped.append(contentsOf: "&#13;".unicodeScalars)
            case 0x09, 0x0A, 0x20..<0xFFFE, 0x10000...: escaped.append(scalar)
            default: escaped.append("\u{FFFD}")
            }
        }
        return String(escaped)
    }
}
