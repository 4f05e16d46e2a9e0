// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An answer as it came over the wire.
struct StoreResponse: Sendable {
    struct NoResponse: Error {
        let text: String
    }

    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    /// - Parameter bytes: all that came on a connection that was then closed.
    /// - Throws: where that is no whole answer.
    init(_ bytes: [UInt8], isHead: Bool = false) throws {
        let failure = NoResponse(text: String(decoding: bytes.prefix(1000), as: UTF8.self))
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw failure }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let statusLine = lines[0].split(separator: " ")
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else { throw failure }
        self.status = status
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), parts.dropFirst().joined().trimmingCharacters(in: .whitespaces))
        }
        body = Array(bytes[end.upperBound...])
        if !isHead, let length = header("Content-Length"), Int(length) != body.count { throw failure }
    }

    /// The values of all header fields of that name, or nil where there is none.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The text of an element of S3's XML.
    func element(_ name: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"), let end = text.firstRange(of: "</\(name)>") else { return nil }
        return String(text[start.upperBound..<end.lowerBound])
    }
}
