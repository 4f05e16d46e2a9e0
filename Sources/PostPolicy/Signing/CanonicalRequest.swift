// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A request in the form that SigV4 signs ("Create a canonical request" in "Create a signed AWS API request").
package struct CanonicalRequest {
    private let method: String
    /// The signed fields with names in lower case, in the order of the names' bytes.
    private let headers: [HeaderField]

    /// - Parameter headers: the fields to sign, in any order.
    package init(method: String, headers: [HeaderField]) {
        self.method = method
        self.headers =
            headers
            .map { HeaderField(name: $0.name.asciiLowercased, value: Self.trimmed($0.value)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// `X-Amz-SignedHeaders`: the names with `;` between them.
    var signedHeaders: String { headers.map(\.name).joined(separator: ";") }

    /// The text that is hashed.
    /// - Parameters:
    ///   - path: as it is in the request.
    ///   - query: all parameters but the signature, encoded, in the order of their names.
    ///   - payloadHash: the SHA-256 of the body in lower-case hexadecimal; by default the body is not signed.
    func text(path: some StringProtocol, query: some StringProtocol, payloadHash: String = "UNSIGNED-PAYLOAD") -> String {
        var text = "\(method)\n\(path)\n\(query)\n"
        for header in headers { text += "\(header.name):\(header.value)\n" }
        return text + "\n\(signedHeaders)\n\(payloadHash)"
    }

    /// The path of an absolute URL without a query.
    package static func path(ofURL url: String) -> Substring {
        let afterScheme = url.utf8.drop { $0 != UInt8(ascii: "/") }.dropFirst(2)
        return Substring(afterScheme.drop { $0 != UInt8(ascii: "/") })
    }

    /// A value without spaces at its ends and with single spaces inside.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
