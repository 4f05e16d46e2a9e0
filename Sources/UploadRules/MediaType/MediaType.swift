// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// A content type as a client names it, in a normal form.
///
/// The type and subtype are lower-cased. Only the parameter `charset` is kept, in lower case, since it changes the meaning of a
/// text. Others, such as `codecs`, which browsers add to recordings, repeat what the file itself says.
struct MediaType: Sendable, Hashable {
    /// `type/subtype`.
    let essence: String
    /// The value of the `Content-Type` field: the essence, and `; charset=…` if the client named one.
    let value: String

    /// Nil if the text is not a media type (RFC 6838 §4.2, so no wildcard), names two charsets, or is longer than 255 bytes.
    init?(_ text: String) {
        // Most clients send the normal form.
        if Self.isPlain(text) {
            essence = text
            value = text
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count <= 255 else { return nil }
        let name = bytes.prefix { $0 != UInt8(ascii: ";") }.trimmingBlankEnd()
        let lowercased = String(decoding: name.map(\.asciiLowercased), as: UTF8.self)
        guard Self.isPlain(lowercased) else { return nil }
        essence = lowercased
        guard name.count < bytes.count else {
            value = essence
            return
        }
        guard let charset = Self.charset(bytes[name.endIndex...]) else { return nil }
        value =
            charset.isEmpty
            ? essence : "\(essence); charset=\(String(decoding: charset.map(\.asciiLowercased), as: UTF8.self))"
    }

    /// - Parameter essence: A type that is known to be valid: one of a rule or of a table.
    init(essence: String) {
        self.essence = essence
        value = essence
    }

    private init(essence: String, value: String) {
        self.essence = essence
        self.value = value
    }

    /// Returns the type by another name, with the same charset.
    func renamed(_ name: String) -> MediaType {
        if name == essence { return self }
        return MediaType(essence: name, value: name + value.dropFirst(essence.count))
    }

    /// Whether the text is two `restricted-name`s (RFC 6838 §4.2) in lower case, and nothing else.
    private static func isPlain(_ text: String) -> Bool {
        var length = 0
        var slashes = 0
        for byte in text.utf8 {
            if byte == UInt8(ascii: "/") {
                if length == 0 { return false }
                slashes += 1
                length = 0
                continue
            }
            guard ByteSet.mediaTypeName.contains(byte), !byte.isASCIIUppercase else { return false }
            if length == 0, !byte.isASCIILetterOrDigit { return false }
            length += 1
            if length > 127 { return false }
        }
        return slashes == 1 && length > 0
    }

    /// Returns the charset among the parameters, empty if there is none; nil if the parameters are malformed.
    private static func charset(_ parameters: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var charset: ArraySlice<UInt8> = []
        var rest = parameters
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let separator = rest.popFirst() else { return charset }
            guard separator == UInt8(ascii: ";") else { return nil }
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            let name = rest.prefix(while: ByteSet.token.contains)
            rest = rest[name.endIndex...]
            if name.isEmpty { continue }
            guard rest.popFirst() == UInt8(ascii: "="), let value = value(&rest) else { return nil }
            if name.map(\.asciiLowercased).elementsEqual("charset".utf8) {
                guard charset.isEmpty, !value.isEmpty, value.allSatisfy(ByteSet.token.contains) else { return nil }
                charset = value
            }
        }
    }

    /// Reads a token or a quoted string. Commas are allowed: browsers write `codecs=vp8,opus` without quotes.
    private static func value(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard rest.first == UInt8(ascii: "\"") else {
            let value = rest.prefix { $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: " ") }
            rest = rest[value.endIndex...]
            return value.allSatisfy({ $0.isVisibleASCII && $0 != UInt8(ascii: "\"") }) ? value : nil
        }
        rest = rest.dropFirst()
        let value = rest.prefix { $0 != UInt8(ascii: "\"") }
        rest = rest[value.endIndex...]
        // Escapes are refused: no charset or codec needs them.
        guard rest.popFirst() != nil, value.allSatisfy({ !$0.isASCIIControl && $0 < 0x80 && $0 != UInt8(ascii: "\\") }) else {
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
