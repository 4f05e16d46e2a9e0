// SPDX-License-Identifier: Apache-2.0
import PostPolicy
import StrictJSON

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Ticket {
    /// The ticket as a JSON object's bytes.
    package func json() -> [UInt8] {
        // A ticket with a session token is about 5 KB, one without 2.
        var json = JSONWriter(capacity: 3072)
        write(to: &json)
        return json.finish()
    }

    /// Writes the ticket's object where a value is due.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.key("id")
        json.string(id)
        json.key("method")
        json.string("POST")
        json.key("url")
        json.string(url)
        json.key("fields")
        json.beginObject()
        for field in form.fields {
            json.key(field.name)
            json.string(field.value)
        }
        json.endObject()
        json.key("fileField")
        json.string("file")
        json.key("key")
        json.string(key)
        json.key("minSize")
        json.int(sizes.lowerBound)
        json.key("maxSize")
        json.int(sizes.upperBound)
        json.key("expiresAt")
        json.string(InstantFormat.iso8601Extended(expiresAt))
        json.key("expiresIn")
        json.int(Int(expiresAt.timeIntervalSince1970) - Int(serverTime.timeIntervalSince1970))
        json.key("serverTime")
        json.string(InstantFormat.iso8601Extended(serverTime))
        json.key("rule")
        json.string(rule)
        json.endObject()
    }
}
