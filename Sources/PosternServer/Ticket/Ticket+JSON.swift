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
        json.member("id", id)
        json.member("method", "POST")
        json.member("url", url)
        json.key("fields")
        json.beginObject()
        for field in form.fields {
            json.member(field.name, field.value)
        }
        json.endObject()
        json.member("fileField", "file")
        json.member("key", key)
        json.key("minSize")
        json.int(sizes.lowerBound)
        json.key("maxSize")
        json.int(sizes.upperBound)
        json.member("expiresAt", InstantFormat.iso8601Extended(expiresAt))
        json.key("expiresIn")
        json.int(Int(expiresAt.timeIntervalSince1970) - Int(serverTime.timeIntervalSince1970))
        json.member("serverTime", InstantFormat.iso8601Extended(serverTime))
        json.member("rule", rule)
        json.endObject()
    }
}
