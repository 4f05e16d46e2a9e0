// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOHTTP1
import WireFormats

// Cross-origin resource sharing by exact origins, without credentials (Fetch standard, "CORS protocol").

extension RequestHead {
    /// Whether the request is a CORS preflight, and not another OPTIONS request.
    var isPreflight: Bool {
        method == .OPTIONS && first("origin") != nil && first("access-control-request-method") != nil
    }
}

extension ResponseFields {
    /// The response to a preflight. It is the same for every path: the request that follows is checked separately.
    /// - Parameters:
    ///   - origin: an allowed origin
    ///   - requested: the values of `Access-Control-Request-Headers`. A browser refuses the request itself if a single one is not
    ///     allowed, and tracing libraries add their own; the service ignores them.
    static func preflight(from origin: String, requested: [String]) -> ResponseFields {
        [
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": allowedFields(requested),
            "Access-Control-Max-Age": "600",
            "Access-Control-Expose-Headers": exposedFields,
        ]
    }

    /// Lets pages from an allowed origin read the response.
    mutating func allow(origin: String) {
        add("Access-Control-Allow-Origin", origin)
        add("Access-Control-Expose-Headers", Self.exposedFields)
    }

    /// Returns the fields that the service reads, and those that were asked for if they are names of fields (RFC 9110 §5.1) and
    /// have at most 1 KiB.
    private static func allowedFields(_ requested: [String]) -> String {
        let read = ["authorization", "content-type"]
        var names = read
        for value in requested {
            guard value.utf8.count <= maximumRequestedBytes else { return read.joined(separator: ", ") }
            for item in value.split(separator: ",") {
                let name = item.trimmingBlanks()
                // In the response `*` would allow every field.
                if name.isEmpty || name == "*" { continue }
                guard name.utf8.allSatisfy(ByteSet.token.contains) else { return read.joined(separator: ", ") }
                let lowercased = name.lowercased()
                if !read.contains(lowercased) { names.append(lowercased) }
            }
        }
        let allowed = names.joined(separator: ", ")
        return allowed.utf8.count <= maximumRequestedBytes ? allowed : read.joined(separator: ", ")
    }

    private static let maximumRequestedBytes = 1024

    private static let exposedFields =
        "Retry-After, X-Request-Id, Postern-Rules, RateLimit, RateLimit-Policy, WWW-Authenticate"
}
