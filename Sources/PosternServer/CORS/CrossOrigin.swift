// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1

/// Cross-origin resource sharing by exact origins, without credentials (Fetch standard, "CORS protocol").
enum CrossOrigin {
    /// A preflight's answer. It is the same for every path: what may follow is decided when it comes.
    /// - Returns: the fields, or nil where no tenant lists the origin
    static func preflight(_ head: RequestHead, origins: Set<String>) -> ResponseFields? {
        guard let origin = head.first("origin"), origins.contains(origin) else { return nil }
        return [
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": "600",
            "Access-Control-Expose-Headers": exposed,
        ]
    }

    /// Whether a request is a preflight rather than a plain OPTIONS.
    static func isPreflight(_ head: RequestHead) -> Bool {
        head.method == .OPTIONS && head.first("origin") != nil && head.first("access-control-request-method") != nil
    }

    /// Adds to a response what lets the page that asked read it.
    static func expose(_ fields: inout ResponseFields, to origin: String) {
        fields.add("Access-Control-Allow-Origin", origin)
        fields.add("Access-Control-Expose-Headers", exposed)
    }

    private static let exposed = "Retry-After, X-Request-Id"
}
