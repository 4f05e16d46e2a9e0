// SPDX-License-Identifier: Apache-2.0

import HTTPServer

extension ProblemDetails {
    /// What the connection refused before any route saw the request.
    init(_ rejection: Rejection) {
        switch rejection {
        case .malformed(let detail):
            self.init(.invalidRequest, detail: detail)
        case .headersTooLarge(let limit):
            self.init(
                .headersTooLarge,
                detail: "The request line or the header fields are too large: send at most \(limit) bytes of header fields.")
        case .targetTooLong(let limit):
            self.init(.headersTooLarge, detail: "The request target is too long: send at most \(limit) bytes.")
        case .bodyTooLarge(let limit):
            self.init(
                .bodyTooLarge, detail: "The body is too large: send at most \(limit) bytes.", extras: [.int("maxBytes", limit)])
        case .timedOut(let seconds):
            self.init(.requestTimeout, detail: "The request was not complete within \(seconds) s: send it again, in one piece.")
        case .tooManyConnections:
            self.init(.overloaded, detail: "There are too many connections: try again in a moment.", retryAfter: 1)
        case .outOfMemoryBudget:
            self.init(
                .overloaded, detail: "Too many requests are half-sent at the moment: send this one again, in one piece.",
                retryAfter: 1)
        }
    }
}
