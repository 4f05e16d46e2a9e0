// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1

// Cross-origin resource sharing by exact origins, without credentials (Fetch standard, "CORS protocol").

extension RequestHead {
    /// Whether the request is a CORS preflight, and not another OPTIONS request.
    var isPreflight: Bool {
        method == .OPTIONS && first("origin") != nil && first("access-control-request-method") != nil
    }
}

extension ResponseFields {
    /// The response to a preflight. It is the same for every path: the request that follows is checked separately.
    /// - Parameter origin: an allowed origin
    static func preflight(from origin: String) -> ResponseFields {
        [
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "authorization, content-type",
            "Access-Control-Max-Age": "600",
            "Access-Control-Expose-Headers": exposedFields,
        ]
    }

    /// Lets pages from an allowed origin read the response.
    mutating func allow(origin: String) {
        add("Access-Control-Allow-Origin", origin)
        add("Access-Control-Expose-Headers", Self.exposedFields)
    }

    private static let exposedFields = "Retry-After, WWW-Authenticate, X-Request-Id"
}
