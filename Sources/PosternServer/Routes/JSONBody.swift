// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import NIOCore
import StrictJSON

/// Reads a request's body as JSON.
enum JSONBody {
    /// How deep arrays and objects may nest; a ticket's request needs 2, a batch 4.
    static let maximumDepth = 16

    /// - Parameter limit: the most bytes; the connection's gate has refused more already
    /// - Throws: `unsupported-media-type`, `body-too-large`, or `JSONSyntaxError`
    static func read(_ request: Request, limit: Int) async throws -> JSONValue {
        try requireJSON(request.headers)
        let body = try await request.body.collect(upTo: limit)
        return try JSONValue(parsing: body.readableBytesView, maximumDepth: maximumDepth)
    }

    /// A page of another origin can send a form or plain text without a preflight, but never `application/json`.
    private static func requireJSON(_ headers: HTTPFields) throws(Problem) {
        let values = headers[values: .contentType]
        if values.count == 1, let value = values.first, isJSON(value) { return }
        throw Problem(
            .unsupportedMediaType,
            detail: "Send the body with 'Content-Type: application/json'.",
            extras: [.strings("allowed", ["application/json"])]
        )
    }

    private static func isJSON(_ value: String) -> Bool {
        if value == "application/json" { return true }
        let parts = value.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmingBlanks().lowercased() }
        return parts.first == "application/json"
            && parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        var text = self
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
