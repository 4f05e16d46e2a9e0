// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import WireFormats

/// A response. The connection adds `Content-Length`, `Date` and `Connection`.
package struct Response: Sendable {
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        /// Bytes that several responses share.
        case buffer(ByteBuffer)
        /// A file, which the kernel sends; its handle is closed afterwards.
        case file(ResponseFile)
    }

    package var status: Int
    /// Fields that several responses share, as one value.
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

    /// The value of the first field with the name, in any case.
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

/// Header fields of a response, encoded for the wire.
///
/// A field whose name or value contains a delimiter is not added, so that no value can inject another field.
package struct ResponseFields: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// `Name: value` and a line break for each field.
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

    /// The value of the first field with the name, in any case.
    package subscript(name: String) -> String? {
        pairs.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// An open file that is the body of a response.
package final class ResponseFile: Sendable {
    package let length: Int
    let region: FileRegion

    /// - Parameters:
    ///   - descriptor: an open file, which is closed after the response
    ///   - length: the number of bytes to send, from the start of the file
    package init(takingOwnershipOf descriptor: CInt, length: Int) {
        self.length = length
        region = FileRegion(
            fileHandle: NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor), readerIndex: 0, endIndex: length)
    }

    func close() {
        try? region.fileHandle.close()
    }
}
