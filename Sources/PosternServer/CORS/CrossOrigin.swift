// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Cross-origin resource sharing by exact origins, without credentials (Fetch standard, "CORS protocol").
enum CrossOrigin {
    /// A preflight's answer. It is the same for every path: what may follow is decided when it comes.
    /// - Returns: the fields, or nil where no tenant lists the origin
    static func preflight(_ request: HTTPRequest, origins: Set<String>) -> HTTPFields? {
        guard let origin = request.headerFields[.origin], origins.contains(origin) else { return nil }
        return [
            .accessControlAllowOrigin: origin,
            .accessControlAllowMethods: "GET, POST",
            .accessControlAllowHeaders: "authorization, content-type",
            .accessControlMaxAge: "600",
        ]
    }

    /// Whether a request is a preflight rather than a plain OPTIONS.
    static func isPreflight(_ request: HTTPRequest) -> Bool {
        request.method == .options && request.headerFields[.origin] != nil
            && request.headerFields[.accessControlRequestMethod] != nil
    }

    /// Adds to an answer what lets the page that asked read it.
    static func expose(_ fields: inout HTTPFields, to origin: String) {
        fields[.accessControlAllowOrigin] = origin
        fields[.accessControlExposeHeaders] = "Retry-After"
    }
}
