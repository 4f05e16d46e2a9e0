// SPDX-License-Identifier: Apache-2.0

import HTTPServer

/// An error of the HTTP interface: the problem details of RFC 9457.
package struct ProblemDetails: Error, Sendable, Equatable {
    /// A further member of the problem's JSON object, in the problem's own terms.
    package enum Extra: Sendable, Equatable {
        case int(String, Int)
        case strings(String, [String])
        case string(String, String)
    }

    package let code: ProblemCode
    /// What is wrong this time and what to do, for a person to read; never a secret, never a type name.
    package let detail: String
    package let extras: [Extra]
    /// Seconds after which it is worth trying again.
    package let retryAfter: Int?
    /// The methods that the path allows, with `method-not-allowed`.
    package let allow: [String]

    package init(_ code: ProblemCode, detail: String, extras: [Extra] = [], retryAfter: Int? = nil, allow: [String] = []) {
        self.code = code
        self.detail = detail
        self.extras = extras
        self.retryAfter = retryAfter
        self.allow = allow
    }

    /// One body for every cause: which check failed is for the log, not for someone who tries tokens.
    static let unauthenticated = ProblemDetails(
        .unauthenticated,
        detail:
            "Send one header 'Authorization: Bearer …' with a token of your issuer, or an API key, that is valid for this service."
    )

    /// A fault of ours.
    static let internalError = ProblemDetails(
        .internalError,
        detail: "This is a fault of the service, not of the request. Report the requestId to its operator."
    )

    /// The header fields that belong to the problem itself.
    var fields: ResponseFields {
        var fields: ResponseFields = ["Content-Type": "application/problem+json"]
        if code == .unauthenticated { fields.add("WWW-Authenticate", "Bearer") }
        if let retryAfter { fields.add("Retry-After", String(retryAfter)) }
        if !allow.isEmpty { fields.add("Allow", allow.joined(separator: ", ")) }
        return fields
    }
}
