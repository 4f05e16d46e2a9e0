// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import WireFormats

/// What a route answers. `Content-Length`, `Date` and `Connection` are the connection's to add.
package struct Response: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Bytes that are shared, such as a document that never changes.
        case buffer(ByteBuffer)
        /// A file, sent by the kernel; its handle is closed afterwards.
        case file(ResponseFile)
    }

    package var status: Int
    /// Fields that many responses have alike: one value that all share.
    package var shared: ResponseFields
    package var fields: ResponseFields
    package var body: Body

    package init(
        status: Int, shared: ResponseFields = ResponseFields(), fields: ResponseFields = ResponseFields(), body: Body = .none
    ) {
        self.status = status
        self.shared = shared
        self.fields = fields
        self.body = body
    }

    /// The value of the first field of that name, in any case.
    package subscript(name: String) -> String? { shared[name] ?? fields[name] }

    /// The length of the body, in bytes.
    package var contentLength: Int {
        switch body {
        case .none: 0
        case .bytes(let bytes): bytes.count
        case .buffer(let buffer): buffer.readableBytes
        case .file(let file): file.length
        }
    }
}

/// Header fields of a response, encoded as they go onto the wire.
///
/// Names and values are the program's own or have been read from a request's head, so neither holds a line break; a field
/// in which one does is dropped whole.
package struct ResponseFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// `Name: value` and a line break, one after the other.
    private(set) var encoded: [UInt8] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    package mutating func add(_ name: String, _ value: String) {
        guard value.allBytes({ $0 != 0x0a && $0 != 0x0d && $0 != 0 }), !name.isEmpty,
            name.allBytes({ $0.isVisibleASCII && $0 != UInt8(ascii: ":") })
        else { return }
        encoded.reserveCapacity(encoded.count + name.utf8.count + value.utf8.count + 4)
        encoded += name.utf8
        encoded.append(UInt8(ascii: ":"))
        encoded.append(UInt8(ascii: " "))
        encoded += value.utf8
        encoded.append(0x0d)
        encoded.append(0x0a)
    }

    package mutating func add(_ others: ResponseFields) {
        encoded += others.encoded
    }

    /// The fields in order.
    package var pairs: [(name: String, value: String)] {
        String(decoding: encoded, as: UTF8.self).split(separator: "\r\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts.last?.drop { $0 == " " } ?? ""))
        }
    }

    /// The value of the first field of that name, in any case.
    package subscript(name: String) -> String? {
        pairs.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An open file, or the part of one that is a body.
package final class ResponseFile: Sendable {
    package let length: Int
    let region: FileRegion

    /// - Parameters:
    ///   - descriptor: an open file; this takes it over
    ///   - length: how many bytes to send, from its start
    package init(takingOwnershipOf descriptor: CInt, length: Int) {
        self.length = length
        region = FileRegion(
            fileHandle: NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor), readerIndex: 0, endIndex: length)
    }

    func close() {
        try? region.fileHandle.close()
    }
}
