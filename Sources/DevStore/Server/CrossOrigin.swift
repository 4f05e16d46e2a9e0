// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Which pages may use the store: S3's CORS with one rule.
struct CrossOrigin: Sendable {
    /// A header that HTTPTypes does not name is found by its text, which is a valid name.
    private enum Names {
        static let requestMethod = HTTPField.Name("Access-Control-Request-Method")
        static let requestHeaders = HTTPField.Name("Access-Control-Request-Headers")
        static let privateNetworkRequest = HTTPField.Name("Access-Control-Request-Private-Network")
        static let privateNetwork = HTTPField.Name("Access-Control-Allow-Private-Network")
    }

    private static let methods = ["GET", "HEAD", "POST"]
    /// Uppy and others wait for ETag and Location and never resolve without them.
    private static let exposed = "ETag, Location, x-amz-request-id, x-amz-checksum-sha256"

    let allowedOrigins: [String]

    /// Adds to an answer what lets the page read it. The answer depends on the origin whether that is allowed or not.
    func decorate(_ headers: inout HTTPFields, request: HTTPFields) {
        headers[.vary] = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
        guard let origin = allowedOrigin(of: request) else { return }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] = Self.exposed
    }

    /// The headers that answer a preflight, or nil where the page may not.
    func preflight(_ request: HTTPFields) -> HTTPFields? {
        guard
            allowedOrigin(of: request) != nil,
            let method = Names.requestMethod.flatMap({ request[$0] }), Self.methods.contains(method)
        else { return nil }
        var headers = HTTPFields()
        headers[.accessControlAllowMethods] = Self.methods.joined(separator: ", ")
        headers[.accessControlMaxAge] = "600"
        if let asked = Names.requestHeaders.flatMap({ request[$0] }) {
            headers[.accessControlAllowHeaders] = asked
        }
        if let question = Names.privateNetworkRequest, request[question] == "true", let answer = Names.privateNetwork {
            headers[answer] = "true"
        }
        return headers
    }

    private func allowedOrigin(of request: HTTPFields) -> String? {
        guard let origin = request[.origin] else { return nil }
        if allowedOrigins.contains("*") { return "*" }
        return allowedOrigins.contains { $0.utf8.elementsEqual(origin.utf8) } ? origin : nil
    }
}
