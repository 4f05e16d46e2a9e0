// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

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
