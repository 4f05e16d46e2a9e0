// SPDX-License-Identifier: Apache-2.0

import PostPolicy
import WireFormats

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
        json.member(constant: "id", id)
        json.member(constant: "method", "POST")
        json.member(constant: "url", url)
        json.key(constant: "fields")
        json.beginObject()
        for field in form.fields {
            json.member(field.name, field.value)
        }
        json.endObject()
        json.member(constant: "fileField", "file")
        json.member(constant: "key", key)
        json.key(constant: "minSize")
        json.int(sizes.lowerBound)
        json.key(constant: "maxSize")
        json.int(sizes.upperBound)
        json.member(constant: "expiresAt", expiry)
        json.key(constant: "expiresIn")
        json.int(Int(expiresAt.timeIntervalSince1970) - Int(serverTime.timeIntervalSince1970))
        json.member(constant: "serverTime", serverTime.rfc3339)
        json.member(constant: "rule", rule)
        json.endObject()
    }
}
