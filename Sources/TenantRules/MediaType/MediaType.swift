// SPDX-License-Identifier: Apache-2.0

/// A content type as a client names it, brought into one form.
///
/// The type and subtype are lower-cased. Of the parameters only `charset` is kept, lower-cased too: it changes what a
/// text says. `codecs` and the like, which browsers add to recordings, say nothing the file does not say itself.
struct MediaType: Sendable, Hashable {
    /// `type/subtype`.
    let essence: String
    /// The essence, and `; charset=…` where the client named one: the value of the `Content-Type` field.
    let value: String

    /// Nil for what is no media type (RFC 6838 §4.2: no wildcard either), names two charsets, or is longer than 255 bytes.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 255 else { return nil }
        let name = bytes.prefix { $0 != UInt8(ascii: ";") }.trimmingBlankEnd()
        let parts = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isRestrictedName) else { return nil }
        essence = String(decoding: name.map(ASCII.lowercased), as: UTF8.self)
        guard name.count < bytes.count else {
            value = essence
            return
        }
        guard let charset = Self.charset(bytes[name.endIndex...]) else { return nil }
        let lowercased = String(decoding: charset.map(ASCII.lowercased), as: UTF8.self)
        value = charset.isEmpty ? essence : "\(essence); charset=\(lowercased)"
    }

    /// `restricted-name` of RFC 6838 §4.2.
    private static func isRestrictedName(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first, name.count <= 127, ASCII.isLetterOrDigit(first) else { return false }
        return name.allSatisfy { ASCII.isLetterOrDigit($0) || "!#$&-^_.+".utf8.contains($0) }
    }

    /// The charset among the parameters, empty where there is none; nil where the parameters cannot be read.
    private static func charset(_ parameters: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var charset: ArraySlice<UInt8> = []
        var rest = parameters
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let separator = rest.popFirst() else { return charset }
            guard separator == UInt8(ascii: ";") else { return nil }
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let name = rest.prefix(while: ASCII.isToken)
            rest = rest[name.endIndex...]
            if name.isEmpty { continue }
            guard rest.popFirst() == UInt8(ascii: "="), let value = value(&rest) else { return nil }
            if name.map(ASCII.lowercased).elementsEqual("charset".utf8) {
                guard charset.isEmpty, !value.isEmpty, value.allSatisfy(ASCII.isToken) else { return nil }
                charset = value
            }
        }
    }

    /// A token or a quoted string. Commas pass: browsers write `codecs=vp8,opus` without quotes.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.first == UInt8(ascii: "\"") else {
            let value = rest.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
            rest = rest[value.endIndex...]
            return value.allSatisfy({ ASCII.isVisible($0) && $0 != UInt8(ascii: "\"") }) ? value : nil
        }
        rest = rest.dropFirst()
        let value = rest.prefix { $0 != UInt8(ascii: "\"") }
        rest = rest[value.endIndex...]
        // An escaped quote would need more care than any real charset or codec needs.
        guard rest.popFirst() != nil, value.allSatisfy({ !ASCII.isControl($0) && $0 < 0x80 && $0 != UInt8(ascii: "\\") }) else {
            return nil
        }
        return value
    }
}

extension ArraySlice<UInt8> {
    fileprivate func trimmingBlankEnd() -> ArraySlice<UInt8> {
        var slice = self
        while slice.last == UInt8(ascii: " ") { slice.removeLast() }
        return slice
    }
}
