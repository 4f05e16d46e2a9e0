// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// The store's CORS configuration, which behaves like one of S3 with a single rule.
struct CrossOrigin: Sendable {
    private static let methods = ["GET", "HEAD", "POST", "PUT"]
    /// Uppy and other clients need ETag and Location.
    private static let exposedHeaders = "ETag, Location, x-amz-request-id, x-amz-checksum-sha256"

    let allowedOrigins: [String]
    let further: @Sendable () -> [String]

    /// Adds the header fields that let a page read the response. `Vary` is also needed for origins that are not allowed.
    /// - Parameter request: nil if its head could not be read.
    func addFields(to fields: inout ResponseFields, for request: RequestHead?) {
        fields.add("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        guard let origin = request.flatMap(allowedOrigin) else { return }
        fields.add("Access-Control-Allow-Origin", origin)
        fields.add("Access-Control-Expose-Headers", Self.exposedHeaders)
    }

    /// Returns the header fields of the response to a preflight; nil if the request is not allowed.
    func preflight(_ request: RequestHead) -> ResponseFields? {
        guard
            allowedOrigin(of: request) != nil,
            let method = request.joined("access-control-request-method"), Self.methods.contains(method)
        else { return nil }
        var fields: ResponseFields = [
            "Access-Control-Allow-Methods": Self.methods.joined(separator: ", "),
            "Access-Control-Max-Age": "600",
        ]
        if let headers = request.joined("access-control-request-headers") {
            fields.add("Access-Control-Allow-Headers", headers)
        }
        if request.joined("access-control-request-private-network") == "true" {
            fields.add("Access-Control-Allow-Private-Network", "true")
        }
        return fields
    }

    private func allowedOrigin(of request: RequestHead) -> String? {
        guard let origin = request.joined("origin") else { return nil }
        if allowedOrigins.contains("*") { return "*" }
        return (allowedOrigins + further()).contains { $0.hasSameBytes(as: origin) } ? origin : nil
    }
}
