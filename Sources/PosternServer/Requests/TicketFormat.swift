// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import WireFormats

/// What the response to `POST /v1/tickets` is, by `Accept` (RFC 9110 §12.5.1).
enum TicketFormat: Sendable, Hashable {
    case json
    /// An HTML page with an upload form.
    case page
    /// The form alone: `text/html;profile=fragment`.
    case fragment

    /// HTML is only for a client that names `text/html`, and does not prefer JSON. A range that is malformed, or has another parameter
    /// than `charset=utf-8`, does not count.
    /// - Parameter accept: the values of all fields `Accept`
    init(accept: [String]) {
        var format = TicketFormat.json
        var quality = 0
        // The most specific range decides how much JSON is wanted.
        var json = (specificity: -1, quality: 0)
        for range in accept.lazy.flatMap({ $0.utf8.split(separator: UInt8(ascii: ",")) }).compactMap(MediaRange.init) {
            if range.isHTML {
                guard range.quality > 0, range.quality > quality || (range.quality == quality && range.isFragment) else {
                    continue
                }
                quality = range.quality
                format = range.isFragment ? .fragment : .page
            } else if let specificity = range.specificityForJSON, specificity > json.specificity {
                json = (specificity, range.quality)
            }
        }
        // `text/html, */*` names HTML and takes anything else.
        let prefersJSON = json.quality > quality || (json.quality == quality && json.specificity == MediaRange.exactly)
        self = prefersJSON ? .json : format
    }

    /// Reads the format that a request asks for.
    init(_ head: RequestHead) {
        let accept = head.values("accept")
        self = accept.isEmpty ? .json : TicketFormat(accept: accept)
    }
}

/// One range of an `Accept` field that is about JSON or HTML.
private struct MediaRange {
    /// The specificity of a range without a wildcard.
    static let exactly = 2

    private(set) var isHTML = false
    private(set) var isFragment = false
    /// How specific the range is, if it includes JSON: 0 for `*/*`, up to ``exactly``.
    private(set) var specificityForJSON: Int?
    /// 0 to 1000.
    private(set) var quality = 1000

    /// Returns nil for a range of other types, and for one that is malformed.
    init?(_ text: Substring.UTF8View) {
        var parts = text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).makeIterator()
        switch Self.lowercased(parts.next()) {
        case "text/html": isHTML = true
        case "application/json": specificityForJSON = Self.exactly
        case "application/*": specificityForJSON = 1
        case "*/*": specificityForJSON = 0
        default: return nil
        }
        while let part = parts.next() {
            let pair = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { return nil }
            let value = Self.lowercased(pair[1])
            switch (Self.lowercased(pair[0]), value) {
            case ("q", _):
                guard let quality = Self.quality(value) else { return nil }
                self.quality = quality
            case ("charset", "utf-8"), ("charset", "\"utf-8\""): break
            case ("profile", "fragment") where isHTML, ("profile", "\"fragment\"") where isHTML: isFragment = true
            default: return nil
            }
        }
    }

    /// Reads a weight: `0`, `1`, or with up to three decimals (RFC 9110 §12.4.2).
    private static func quality(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard (1...5).contains(bytes.count),
            bytes[0] == UInt8(ascii: "0") || bytes[0] == UInt8(ascii: "1"),
            bytes.count < 2 || bytes[1] == UInt8(ascii: "."), bytes.dropFirst(2).allSatisfy(\.isASCIIDigit)
        else { return nil }
        var thousandths = bytes[0] == UInt8(ascii: "1") ? 1000 : 0
        for (digit, factor) in zip(bytes.dropFirst(2), [100, 10, 1]) { thousandths += Int(digit - 0x30) * factor }
        return thousandths <= 1000 ? thousandths : nil
    }

    /// The text in lower case, without blanks at its ends; empty for nil.
    private static func lowercased(_ text: Substring.UTF8View?) -> String {
        guard let text else { return "" }
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var trimmed = text.drop(while: isBlank)
        while let last = trimmed.last, isBlank(last) { trimmed.removeLast() }
        return String(decoding: trimmed.map(\.asciiLowercased), as: UTF8.self)
    }
}
