// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// An error of the HTTP interface: the problem details of RFC 9457.
package struct ProblemDetails: Error, Sendable, Equatable {
    /// A member of the problem's JSON object that is specific to its code.
    package enum Extra: Sendable, Equatable {
        case int(String, Int)
        case strings(String, [String])
        case string(String, String)
    }

    package let code: ProblemCode
    /// What is wrong and how to fix it, for people; contains no secret and no name of a type.
    package let detail: String
    package let extras: [Extra]
    /// Seconds to wait before another attempt.
    package let retryAfter: Int?
    /// The methods that the path allows, with `method-not-allowed`.
    package let allow: [String]
    /// The value of `WWW-Authenticate`, with a 401.
    package let challenge: Challenge?

    /// How to authenticate (RFC 6750 section 3).
    package enum Challenge: String, Sendable {
        /// The request has no credential. Then no error code is sent (section 3.1).
        case bearer = "Bearer"
        /// The request has a credential, and it is not valid, whatever the reason.
        case invalidToken = #"Bearer error="invalid_token""#
    }

    package init(
        _ code: ProblemCode, detail: String, extras: [Extra] = [], retryAfter: Int? = nil, allow: [String] = [],
        challenge: Challenge? = nil
    ) {
        self.code = code
        self.detail = detail
        self.extras = extras
        self.retryAfter = retryAfter
        self.allow = allow
        self.challenge = challenge
    }

    /// The same body for every cause: only the log says which check failed.
    static func unauthenticated(_ challenge: Challenge) -> ProblemDetails {
        ProblemDetails(
            .unauthenticated,
            detail:
                "Send one header 'Authorization: Bearer …' with a token from your identity provider, or an API key, that is valid for this service.",
            challenge: challenge
        )
    }

    /// For a token with a valid signature that is for this service, so that an app knows that it only needs a new one.
    static let tokenExpired = ProblemDetails(
        .tokenExpired, detail: "The token has expired: send a new one from your identity provider.", challenge: .invalidToken)

    static let auditUnavailable = ProblemDetails(
        .auditUnavailable, detail: "The service cannot record tickets now, so it gives none: try again in a moment.",
        retryAfter: 5)

    static let internalError = ProblemDetails(
        .internalError,
        detail: "This is a fault of the service, not of the request. Report the requestId to its operator."
    )

    /// The response, without the fields that all responses share.
    func response(requestID: String) -> Response {
        Response(status: code.status, fields: fields, body: .bytes(json(requestID: requestID)))
    }

    private var fields: ResponseFields {
        var fields: ResponseFields = ["Content-Type": "application/problem+json"]
        if let challenge { fields.add("WWW-Authenticate", challenge.rawValue) }
        if let retryAfter { fields.add("Retry-After", String(retryAfter)) }
        if !allow.isEmpty { fields.add("Allow", allow.joined(separator: ", ")) }
        return fields
    }

    private func json(requestID: String) -> [UInt8] {
        var json = JSONWriter(capacity: 384)
        write(to: &json, requestID: requestID)
        return json.finish()
    }

    /// Writes the problem as a value: an object of `application/problem+json`.
    func write(to json: inout JSONWriter, requestID: String) {
        json.object { json in
            json.member("type", "urn:postern:problem:" + code.rawValue)
            json.member("title", code.title)
            json.member("status", code.status)
            json.member("detail", detail)
            json.member("code", code.rawValue)
            json.member("requestId", requestID)
            for extra in extras {
                switch extra {
                case .int(let name, let value): json.member(name, value)
                case .string(let name, let value): json.member(name, value)
                case .strings(let name, let values): json.member(name, values)
                }
            }
            if let retryAfter { json.member("retryAfter", retryAfter) }
        }
    }
}

/// A problem that has been logged already, together with the caller.
struct LoggedError: Error {
    let problem: ProblemDetails
}
