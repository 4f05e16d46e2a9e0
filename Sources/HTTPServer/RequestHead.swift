// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
import WireFormats

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// The well-formed head of a request, with its sender and time.
package struct RequestHead: Sendable {
    package let method: HTTPMethod
    /// The request target, with its query.
    package let target: String
    package let fields: HTTPHeaders
    /// The other end of the connection.
    package let peer: PeerAddress?
    /// When the head was read.
    package let date: Date
    /// When the head was read, by a monotonic clock: to measure durations.
    package let received: NIODeadline

    package init(
        method: HTTPMethod, target: String, fields: HTTPHeaders, peer: PeerAddress?, date: Date, received: NIODeadline = .now()
    ) {
        self.method = method
        self.target = target
        self.fields = fields
        self.peer = peer
        self.date = date
        self.received = received
    }

    /// The target without its query. Percent-escapes are not decoded, and dot segments are not resolved.
    package var path: String {
        target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) } ?? target
    }

    /// The text of the target after the first `?`, as it was sent; empty if there is none.
    package var query: String {
        target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[target.utf8.index(after: $0)...]) } ?? ""
    }

    /// The values of all fields of that name, in order.
    /// - Parameter name: in lower case
    package func values(_ name: StaticString) -> [String] {
        var found: [String] = []
        for (field, value) in fields where field.isField(name) { found.append(value.trimmingWhitespace()) }
        return found
    }

    /// The value of the first field of that name.
    /// - Parameter name: in lower case
    package func first(_ name: StaticString) -> String? {
        for (field, value) in fields where field.isField(name) { return value.trimmingWhitespace() }
        return nil
    }
}

/// A request with its complete body.
package struct Request: Sendable {
    package let head: RequestHead
    package let body: ByteBuffer

    package init(head: RequestHead, body: ByteBuffer) {
        self.head = head
        self.body = body
    }
}

extension String {
    /// Removes white space from the end of a field's value, where llhttp leaves it (RFC 9110, section 5.5).
    package func trimmingWhitespace() -> String {
        guard let last = utf8.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\t") else { return self }
        var text = self[...]
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    /// Compares field names without regard to case.
    /// - Parameter name: in lower case
    package func isField(_ name: StaticString) -> Bool {
        let count = name.utf8CodeUnitCount
        guard utf8.count == count else { return false }
        return utf8.withContiguousStorageIfAvailable { own in
            for index in 0..<count where own[index].asciiLowercased != name.utf8Start[index] { return false }
            return true
        } ?? utf8.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: count)) { $0.asciiLowercased == $1 }
    }
}
