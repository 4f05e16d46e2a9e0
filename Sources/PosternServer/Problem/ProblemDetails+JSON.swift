// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

extension ProblemDetails {
    /// The problem as `application/problem+json`.
    func json(requestID: String) -> [UInt8] {
        var json = JSONWriter(capacity: 384)
        write(to: &json, requestID: requestID)
        return json.finish()
    }

    /// Writes the problem's object where a value is due.
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

    /// The response, but for the fields that every response has.
    func response(requestID: String) -> Response {
        Response(status: code.status, fields: fields, body: .bytes(json(requestID: requestID)))
    }
}
