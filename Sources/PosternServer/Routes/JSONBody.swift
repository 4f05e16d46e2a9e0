// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import NIOCore
import WireFormats

/// Reads a request's body as JSON.
enum JSONBody {
    /// How deep arrays and objects may nest; a ticket's request needs 2, a batch 4.
    static let maximumDepth = 16

    /// - Throws: `unsupported-media-type` or `JSONSyntaxError`
    static func read(_ request: Request) throws -> JSONValue {
        try check(request.head)
        return try request.body.withUnsafeReadableBytes { body in
            try JSONValue(parsing: body.bindMemory(to: UInt8.self).span, maximumDepth: maximumDepth)
        }
    }

    /// Refuses a body by what its head says of it. A page of another origin can send a form or plain text without a preflight,
    /// but never `application/json`.
    /// - Throws: `unsupported-media-type`
    static func check(_ head: RequestHead) throws(ProblemDetails) {
        // RFC 9110, section 15.5.16.
        guard head.values("content-encoding").allSatisfy({ $0.lowercased() == "identity" }) else {
            throw ProblemDetails(.unsupportedMediaType, detail: "Send the body as it is, without a Content-Encoding.")
        }
        let values = head.values("content-type")
        if values.count == 1, let value = values.first, isJSON(value) { return }
        throw ProblemDetails(
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
