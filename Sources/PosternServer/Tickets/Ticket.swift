// SPDX-License-Identifier: Apache-2.0

import PostPolicy
package import UploadRules
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// What a client needs to upload one file, and until when.
package struct Ticket: Sendable {
    /// A UUID of version 7. The object key contains it if the rule's template has `{uuid}`.
    let id: String
    /// The request that uploads the file.
    let upload: SignedUpload
    let key: String
    /// The sizes that the store will accept, in bytes.
    let sizes: ClosedRange<Int>
    let expiresAt: Date
    /// ``expiresAt`` as RFC 3339 text, for the response and the log.
    let expiry: String
    let serverTime: Date
    let rule: UploadRule

    /// The field of a form that has the file.
    static let fileField = "file"

    package init(
        id: String,
        upload: SignedUpload,
        key: String,
        sizes: ClosedRange<Int>,
        expiresAt: Date,
        serverTime: Date,
        rule: UploadRule
    ) {
        self.id = id
        self.upload = upload
        self.key = key
        self.sizes = sizes
        self.expiresAt = expiresAt
        expiry = expiresAt.rfc3339
        self.serverTime = serverTime
        self.rule = rule
    }

    // MARK: JSON

    /// The ticket as a JSON object.
    package func json() -> [UInt8] {
        // A ticket with a session token is about 5 KB, one without is 2 KB.
        var json = JSONWriter(capacity: 3072)
        write(to: &json)
        return json.finish()
    }

    /// Writes the ticket as a value.
    func write(to json: inout JSONWriter) {
        json.beginObject()
        json.member(constant: "id", id)
        write(upload, to: &json)
        json.member(constant: "fileField", Self.fileField)
        json.member(constant: "key", key)
        json.key(constant: "minSize")
        json.int(sizes.lowerBound)
        json.key(constant: "maxSize")
        json.int(sizes.upperBound)
        json.member(constant: "expiresAt", expiry)
        json.key(constant: "expiresIn")
        json.int(Int(expiresAt.timeIntervalSince1970) - Int(serverTime.timeIntervalSince1970))
        json.member(constant: "serverTime", serverTime.rfc3339)
        json.member(constant: "rule", rule.name)
        json.endObject()
    }

    private func write(_ upload: SignedUpload, to json: inout JSONWriter) {
        switch upload {
        case .post(let form, let url):
            json.member(constant: "method", "POST")
            json.member(constant: "url", url)
            json.key(constant: "headers")
            json.beginObject()
            json.endObject()
            json.key(constant: "fields")
            json.beginObject()
            for field in form.fields {
                json.member(field.name, field.value)
            }
            json.endObject()
        case .put(let put):
            json.member(constant: "method", "PUT")
            json.member(constant: "url", put.url)
            json.key(constant: "headers")
            json.beginObject()
            for header in put.headers {
                json.member(header.name, header.value)
            }
            json.endObject()
            json.key(constant: "fields")
            json.beginObject()
            json.endObject()
        }
    }

    /// The ticket as Shrine's `presign_endpoint` writes one, with the method in lower case.
    func presignJSON() -> [UInt8] {
        let (method, url, fields, headers): (String, String, [FormField], [HeaderField]) =
            switch upload {
            case .post(let form, let url): ("post", url, form.fields, [])
            case .put(let put): ("put", put.url, [], put.headers)
            }
        return JSONWriter.object(capacity: 3072) { json in
            json.object("fields") { json in
                for field in fields { json.member(field.name, field.value) }
            }
            json.object("headers") { json in
                for header in headers { json.member(header.name, header.value) }
            }
            json.member("method", method)
            json.member("url", url)
        }
    }

    // MARK: Ids

    /// Makes a UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds and 74 random bits.
    /// - Parameters:
    ///   - time: the time of the request
    ///   - random: the source of the random bits
    /// - Returns: 36 characters, in lower case
    static func makeID(at time: Date, random: inout some RandomNumberGenerator) -> String {
        let milliseconds = UInt64(min(max(0, time.timeIntervalSince1970) * 1000, 0xffff_ffff_ffff))
        let high = milliseconds << 16 | 0x7000 | random.next() & 0x0fff
        let low = 0x8000_0000_0000_0000 | random.next() >> 2
        return String(unsafeUninitializedCapacity: 36) { text in
            var position = 0
            func write(_ value: UInt64, digits: ClosedRange<Int>) {
                for digit in digits {
                    text[position] = Hexadecimal.digit(UInt8(value >> UInt64(60 - 4 * digit) & 0xf))
                    position += 1
                }
            }
            func writeHyphen() {
                text[position] = UInt8(ascii: "-")
                position += 1
            }
            write(high, digits: 0...7)
            writeHyphen()
            write(high, digits: 8...11)
            writeHyphen()
            write(high, digits: 12...15)
            writeHyphen()
            write(low, digits: 0...3)
            writeHyphen()
            write(low, digits: 4...15)
            return position
        }
    }
}
