// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// The header lines of one part.
package struct PartHead: Sendable, Equatable {
    /// The form field's name.
    package let name: String
    /// The file's name as sent, which may include a path. For display only: never use it as a path on disk.
    package let filename: String?

    package init(name: String, filename: String? = nil) {
        self.name = name
        self.filename = filename
    }

    /// - Parameter bytes: the header lines, without the final blank line.
    init(parsing bytes: ArraySlice<UInt8>) throws(MultipartError) {
        var disposition: ParameterizedField?
        for line in try Self.lines(of: bytes) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { throw .malformedHeader }
            let name = line[..<colon].map(\.asciiLowercased)
            guard name.elementsEqual("content-disposition".utf8) else { continue }
            guard disposition == nil, let field = ParameterizedField(parsing: line[(colon + 1)...]) else {
                throw .malformedDisposition
            }
            disposition = field
        }
        guard
            let disposition,
            disposition.value.elementsEqual("form-data".utf8),
            let name = disposition.parameter("name"),
            // `filename*` is ignored: forms must not use it (RFC 7578 section 4.2).
            disposition.count(of: "filename") <= 1
        else { throw .malformedDisposition }
        self.name = try Self.text(name)
        if let filename = disposition.parameter("filename") {
            self.filename = try Self.text(filename)
        } else {
            self.filename = nil
        }
    }

    /// Splits at CRLF. Refuses folded lines, bare CR or LF, and control characters, which parsers interpret differently.
    private static func lines(of bytes: ArraySlice<UInt8>) throws(MultipartError) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x0D, index + 1 < bytes.endIndex, bytes[index + 1] == 0x0A {
                lines.append(bytes[start..<index])
                index += 2
                start = index
                continue
            }
            guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw .malformedHeader }
            index += 1
        }
        if start < bytes.endIndex {
            lines.append(bytes[start...])
        }
        guard !lines.contains(where: { $0.first == 0x20 || $0.first == 0x09 }) else { throw .malformedHeader }
        return lines
    }

    /// Decodes UTF-8 with the three escapes that browsers use in names: `%22`, `%0D` and `%0A` (HTML, "Multipart form data").
    private static func text(_ bytes: [UInt8]) throws(MultipartError) -> String {
        var decoded: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            let escape = rest.prefix(3)
            if escape.elementsEqual("%22".utf8) {
                decoded.append(0x22)
                rest = rest.dropFirst(3)
            } else if escape.elementsEqual("%0D".utf8) || escape.elementsEqual("%0A".utf8) {
                decoded.append(escape.last == UInt8(ascii: "D") ? 0x0D : 0x0A)
                rest = rest.dropFirst(3)
            } else {
                decoded.append(byte)
                rest = rest.dropFirst()
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .malformedHeader }
        return text
    }
}

/// A header value with parameters: `form-data; name="key"`, `multipart/form-data; boundary=x`.
struct ParameterizedField: Sendable {
    /// The part before the first semicolon, in ASCII lower case.
    let value: [UInt8]
    /// In order, with names in ASCII lower case and values without quotes.
    let parameters: [(name: [UInt8], value: [UInt8])]

    /// Returns the value of a parameter; nil if it does not occur exactly once.
    func parameter(_ name: String) -> [UInt8]? {
        let matches = parameters.filter { $0.name.elementsEqual(name.utf8) }
        return matches.count == 1 ? matches.first?.value : nil
    }

    /// Returns how often a parameter occurs.
    func count(of name: String) -> Int {
        parameters.count { $0.name.elementsEqual(name.utf8) }
    }

    /// Reads a value; nil if it does not match the grammar `token *( ";" token "=" ( token / quoted-string ) )`.
    init?(parsing bytes: ArraySlice<UInt8>) {
        var rest = Self.trimmingStart(bytes)
        value = Self.takeToken(&rest, also: UInt8(ascii: "/"))
        guard !value.isEmpty else { return nil }
        var parameters: [(name: [UInt8], value: [UInt8])] = []
        rest = Self.trimmingStart(rest)
        while let semicolon = rest.first {
            guard semicolon == UInt8(ascii: ";") else { return nil }
            rest = Self.trimmingStart(rest.dropFirst())
            // A trailing semicolon is common and harmless.
            if rest.isEmpty { break }
            let name = Self.takeToken(&rest, also: nil)
            guard !name.isEmpty, rest.first == UInt8(ascii: "=") else { return nil }
            rest = rest.dropFirst()
            if rest.first == UInt8(ascii: "\"") {
                rest = rest.dropFirst()
                guard let value = Self.takeQuoted(&rest) else { return nil }
                parameters.append((name, value))
            } else {
                let end = rest.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? rest.endIndex
                guard end > rest.startIndex else { return nil }
                parameters.append((name, Array(rest[..<end])))
                rest = rest[end...]
            }
            rest = Self.trimmingStart(rest)
        }
        self.parameters = parameters
    }

    private static func trimmingStart(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.drop { $0 == 0x20 || $0 == 0x09 }
    }

    private static func takeToken(_ rest: inout ArraySlice<UInt8>, also extra: UInt8?) -> [UInt8] {
        let end = rest.firstIndex { !ByteSet.token.contains($0) && $0 != extra } ?? rest.endIndex
        defer { rest = rest[end...] }
        return rest[..<end].map(\.asciiLowercased)
    }

    /// Reads the rest of a quoted string, after its opening quote.
    ///
    /// Only `\"` and `\\` are escapes, because old browsers do not escape the backslashes of Windows paths.
    private static func takeQuoted(_ rest: inout ArraySlice<UInt8>) -> [UInt8]? {
        var value: [UInt8] = []
        var index = rest.startIndex
        while index < rest.endIndex {
            let byte = rest[index]
            let following = index + 1 < rest.endIndex ? rest[index + 1] : nil
            switch byte {
            case UInt8(ascii: "\""):
                rest = rest[(index + 1)...]
                return value
            case UInt8(ascii: "\\"):
                if let following, following == UInt8(ascii: "\"") || following == UInt8(ascii: "\\") {
                    value.append(following)
                    index += 1
                } else {
                    value.append(byte)
                }
            default:
                value.append(byte)
            }
            index += 1
        }
        return nil
    }
}

/// The boundary in a `Content-Type: multipart/form-data`: 1 to 70 bytes (RFC 2046 section 5.1.1).
package struct MultipartBoundary: Sendable, Equatable {
    package let bytes: [UInt8]

    /// Parses a Content-Type; nil if it is another type or has no valid boundary.
    package init?(contentType: String) {
        guard
            let field = ParameterizedField(parsing: Array(contentType.utf8)[...]),
            field.value == Array("multipart/form-data".utf8),
            let boundary = field.parameter("boundary"),
            (1...70).contains(boundary.count),
            boundary.allSatisfy(Self.allowed.contains),
            boundary.last != 0x20
        else { return nil }
        bytes = boundary
    }

    /// `bchars` of RFC 2046 section 5.1.1, and further token characters that some clients use.
    private static let allowed = ByteSet(ByteSet.lettersAndDigits + "'()+_,-./:=? *#$&!^~|%`")
}
