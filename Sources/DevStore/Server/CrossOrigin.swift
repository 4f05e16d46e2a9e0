// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// Which pages may use the store: S3's CORS with one rule.
struct CrossOrigin: Sendable {
    private static let methods = ["GET", "HEAD", "POST"]
    /// Uppy and others wait for ETag and Location and never resolve without them.
    private static let exposed = "ETag, Location, x-amz-request-id, x-amz-checksum-sha256"

    let allowedOrigins: [String]

    /// Adds to an answer what lets the page read it. The answer depends on the origin whether that is allowed or not.
    /// - Parameter request: nil where its head could not be read
    func decorate(_ fields: inout ResponseFields, request: RequestHead?) {
        fields.add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        guard let origin = request.flatMap(allowedOrigin) else { return }
        fields.add("Access-Control-Allow-Origin", origin)
        fields.add("Access-Control-Expose-Headers", Self.exposed)
    }

    /// The fields that answer a preflight, or nil where the page may not.
    func preflight(_ request: RequestHead) -> ResponseFields? {
        guard
            allowedOrigin(of: request) != nil,
            let method = request.joined("access-control-request-method"), Self.methods.contains(method)
        else { return nil }
        var fields: ResponseFields = [
            "Access-Control-Allow-Methods": Self.methods.joined(separator: ", "),
            "Access-Control-Max-Age": "600",
        ]
        if let asked = request.joined("access-control-request-headers") {
            fields.add("Access-Control-Allow-Headers", asked)
        }
        if request.joined("access-control-request-private-network") == "true" {
            fields.add("Access-Control-Allow-Private-Network", "true")
        }
        return fields
    }

    private func allowedOrigin(of request: RequestHead) -> String? {
        guard let origin = request.joined("origin") else { return nil }
        if allowedOrigins.contains("*") { return "*" }
        return allowedOrigins.contains { $0.hasSameBytes(as: origin) } ? origin : nil
    }
}
