// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

extension Problem {
    /// The problem as `application/problem+json`.
    func json(requestID: String) -> [UInt8] {
        var json = JSONWriter(capacity: 384)
        write(to: &json, requestID: requestID)
        return json.finish()
    }

    /// Writes the problem's object where a value is due.
    func write(to json: inout JSONWriter, requestID: String) {
        json.beginObject()
        json.key("type")
        json.string("urn:postern:problem:" + code.rawValue)
        json.key("title")
        json.string(code.title)
        json.key("status")
        json.int(code.status)
        json.key("detail")
        json.string(detail)
        json.key("code")
        json.string(code.rawValue)
        json.key("requestId")
        json.string(requestID)
        for extra in extras {
            switch extra {
            case .int(let name, let value):
                json.key(name)
                json.int(value)
            case .string(let name, let value):
                json.key(name)
                json.string(value)
            case .strings(let name, let values):
                json.key(name)
                json.beginArray()
                for value in values { json.string(value) }
                json.endArray()
            }
        }
        if let retryAfter {
            json.key("retryAfter")
            json.int(retryAfter)
        }
        json.endObject()
    }

    /// The response, but for the fields that every response has.
    func response(requestID: String) -> Response {
        Response(status: code.status, fields: fields, body: .bytes(json(requestID: requestID)))
    }
}
